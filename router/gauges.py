"""The broker's snapshot as Prometheus gauges, read at scrape time: nothing is kept here that could go stale."""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from broker.presence import Health
from broker.statistics import Stats
from router.telemetry import PREFIX

# (attribute of Stats, metric, label, help)
_COUNTS = (
    ("by_status", "tickets", "status", "Tickets by status"),
    ("by_category", "tickets_by_category", "category", "Tickets judged, by category"),
    ("by_agent", "tickets_by_agent", "agent", "Tickets assigned to an agent and not resolved"),
    ("by_engine", "tickets_by_engine", "engine", "Tickets judged, by engine"),
    ("unassigned", "tickets_unassigned", "category", "Ready tickets that are nobody's"),
    ("conservation", "conservation", "term", "Terms of accepted = pending + ... + expired"),
)


def exposition(stats: Stats | None, health: Health) -> bytes:
    """Prometheus text format 0.0.4. `stats` None: Redis is away."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(stats, health))
    return generate_latest(registry)


class _Snapshot(Collector):
    def __init__(self, stats: Stats | None, health: Health) -> None:
        self._stats = stats
        self._health = health

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _single("redis_up", "1 when Redis answers", self._health.redis_ok)
        if self._health.redis_ok:
            yield _single("backlog", "Tickets that wait to be judged", self._health.backlog)
            yield _single("backlog_limit", "MAX_BACKLOG", self._health.max_backlog)
            yield _single(
                "redis_latency_seconds",
                "A look at the backlog and the workers",
                (self._health.latency_ms or 0.0) / 1000,
            )
            yield _single("workers", "Workers that report", len(self._health.workers))
        if self._stats is not None:
            for attribute, metric, label, says in _COUNTS:
                yield _family(metric, says, label, getattr(self._stats, attribute).items())
            yield _single("incidents", "Incidents kept", self._stats.incidents)
            yield _single("alerts_waiting", "Alerts in the outbox", self._stats.alerts_waiting)
            yield _single("balanced", "1 when the conservation line holds", self._stats.balanced)
            yield _family(
                "accept_to_ready_seconds", "From accepted to ready", "quantile", _seconds(self._stats.latency_ms)
            )


def _seconds(latency_ms: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """p95 of milliseconds to 0.95 of seconds."""
    return ((f"0.{name[1:]}", value / 1000) for name, value in latency_ms.items())


def _single(metric: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{metric}", says, value=float(value))


def _family(metric: str, says: str, label: str, values: Iterable[tuple[str, float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}_{metric}", says, labels=[label])
    for name, value in values:
        family.add_metric([name], value)
    return family
