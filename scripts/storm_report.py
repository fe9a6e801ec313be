"""All a storm found out, as plain data: what is printed, written as JSON and drawn is made from this and nothing else."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from scripts.storm_account import Account
from scripts.storm_histogram import Bar, Histogram
from scripts.storm_thresholds import Threshold
from scripts.storm_watch import Look

# Above these this program itself was late, and its own figures say less about the house.
SATURATED_CPU = 0.85
SATURATED_LATE_MS = 20.0


@dataclass(frozen=True)
class Latency:
    """Of `count` durations, to 0.8 %."""

    count: int = 0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0

    @classmethod
    def of(cls, times: Histogram) -> Self:
        p50, p95, p99 = (round(times.percentile(share) * 1000, 3) for share in (0.50, 0.95, 0.99))
        return cls(times.count, p50, p95, p99, round(times.max_s * 1000, 3))


@dataclass(frozen=True)
class Second:
    """`asked`: sends meant to start in it. `accepted`, `failed`: answered in it. Latency of those asked in it; None: no send."""

    at_s: int
    asked: int
    accepted: int
    failed: int
    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True)
class Client:
    """This program itself. `cpu`: share of one core while sending. `late_ms`: p99 of how late sends left it, or its event loop was."""

    cpu: float
    late_ms: float
    worst_ms: float
    ceiling_per_s: float | None = None

    @property
    def saturated(self) -> bool:
        return self.cpu > SATURATED_CPU or self.late_ms > SATURATED_LATE_MS

    @property
    def saturated_says(self) -> str:
        why = "this program was" if self.cpu > SATURATED_CPU else "this machine was too busy to let this program send"
        limit = "at its limit" if self.cpu > SATURATED_CPU else "in time"
        return f"{why} {limit}, and part of the latencies is its own; send less, or from another machine"


@dataclass(frozen=True)
class Pulls:
    """What the agents did. `at_once`: see storm_sample.Journey."""

    agents: int
    resolved: int
    twice: int
    foreign: int
    troubles: dict[str, int]
    accept_to_pull: Latency
    ready_to_pull: Latency
    at_once: int
    resolve: Latency


@dataclass(frozen=True)
class Hostile:
    """One kind of request that no honest client sends. `statuses` by code; `wrong`: how many were answered as they must not be."""

    kind: str
    outcomes: dict[str, int]
    statuses: dict[str, int]
    wrong: int


@dataclass
class Report:
    """`asked_rate`, `achieved_rate`: tickets a second, asked and accepted, while sending. `drain_s` None: see `drain_says`."""

    url: str
    run: str
    profile: str
    model: str
    began_at: str
    sending_s: float
    stopped_early: bool
    asked: int
    accepted: int
    dropped: int
    asked_rate: float
    achieved_rate: float
    error_rate: float
    statuses: dict[str, int]
    troubles: dict[str, int]
    examples: dict[str, str]
    latency: Latency
    bars: list[Bar]
    accept_to_ready: Latency
    accept_to_ready_says: str
    server_latency_ms: dict[str, float]
    pulls: Pulls | None
    drain_s: float | None
    drain_says: str
    account: Account
    hostile: list[Hostile]
    client: Client
    seconds: list[Second]
    looks: list[Look]
    thresholds: list[Threshold] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(threshold.ok for threshold in self.thresholds)

    @property
    def lost(self) -> int:
        return self.account.lost

    def write(self, file: Path) -> None:
        missed = [threshold.name for threshold in self.thresholds if not threshold.ok]
        more = {"ok": self.ok, "missed": missed, "lost": self.lost, "saturated": self.client.saturated}
        file.write_text(json.dumps(more | asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
