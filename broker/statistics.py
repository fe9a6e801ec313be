"""All numbers of /stats from one atomic look. States are counted where the tickets are; the rest are counters kept by the verbs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from broker.store import Store

# The same as in finish.lua: bucket = floor(10 ln(ms + 1)), so a bucket spans 10 %.
BUCKETS_PER_E = 10
PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}

# The terms of the conservation line and the counts they are made of.
TERMS = ("pending", "processing", "ready", "claimed", "snoozed", "folded", "resolved", "dead")


@dataclass(frozen=True, slots=True)
class Stats:
    """`latency_ms`: accept-to-ready, upper edges of 10 % buckets. `by_hour`: RFC 3339 hours, UTC. `by_agent`: load and resolved."""

    by_status: dict[str, int]
    by_category: dict[str, int]
    by_engine: dict[str, int]
    by_agent: dict[str, int]
    resolved_by: dict[str, int]
    by_hour: dict[str, int]
    unassigned: dict[str, int]
    latency_ms: dict[str, float]
    incidents: int
    alerts_waiting: int
    conservation: dict[str, int]
    balanced: bool


def percentiles(buckets: dict[int, int]) -> dict[str, float]:
    """Upper edges of the buckets that hold each percentile; empty without tickets."""
    total = sum(buckets.values())
    found: dict[str, float] = {}
    for name, share in PERCENTILES.items():
        seen = 0
        for bucket in sorted(buckets):
            seen += buckets[bucket]
            if seen >= share * total:
                found[name] = round(math.exp((bucket + 1) / BUCKETS_PER_E) - 1, 1)
                break
    return found


def _pairs(flat: Sequence[str | int]) -> dict[str, int]:
    return {str(name): int(count) for name, count in zip(flat[::2], flat[1::2], strict=True)}


def _group(counters: dict[str, int], kind: str) -> dict[str, int]:
    return {name.removeprefix(kind): count for name, count in counters.items() if name.startswith(kind)}


class Statistics:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def snapshot(self) -> Stats:
        """Raises Unavailable."""
        answer = await self._store.verb("snapshot")
        states, counters, hours, latency, unassigned, loads = (_pairs(part) for part in answer)
        conservation = {
            "accepted": counters.get("accepted", 0),
            **{term: states[term] for term in TERMS},
            "expired": counters.get("expired", 0),
        }
        return Stats(
            by_status={
                "pending": states["pending"],
                "processing": states["processing"],
                "completed": states["ready"],
                "claimed": states["claimed"],
                "resolved": states["resolved"],
                "master_incident": states["folded"],
                "snoozed": states["snoozed"],
                "dead": states["dead"],
            },
            by_category=_group(counters, "category:"),
            by_engine=_group(counters, "engine:"),
            by_agent=loads,
            resolved_by=_group(counters, "resolved_by:"),
            by_hour={
                datetime.fromtimestamp(int(hour) * 3600, UTC).strftime("%Y-%m-%dT%H:00:00Z"): count
                for hour, count in sorted(hours.items(), key=lambda pair: int(pair[0]))
            },
            unassigned={category: count for category, count in unassigned.items() if count},
            latency_ms=percentiles({int(bucket): count for bucket, count in latency.items()}),
            incidents=states["incidents"],
            alerts_waiting=states["outbox"],
            conservation=conservation,
            balanced=conservation["accepted"]
            == sum(count for term, count in conservation.items() if term != "accepted"),
        )
