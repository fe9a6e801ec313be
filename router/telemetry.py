"""Numbers about the HTTP side, for Prometheus: requests by route template, how long they took, and live connections."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

PREFIX = "smart_support"
EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# From a fast intake to a long poll of 30 s.
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(slots=True)
class _Times:
    """How long the requests of one route took: how many fell into each bucket (the last one has no upper edge), and all of it."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    seconds: float = 0.0


class Requests(Collector):
    """Counts in plain numbers, all in the event loop's thread: the library's own counters take a lock for each of three."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str, int], int] = {}
        self._times: dict[tuple[str, str], _Times] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        answer = (method, route, status)
        self._answers[answer] = self._answers.get(answer, 0) + 1
        times = self._times.get((method, route))
        if times is None:
            times = self._times[method, route] = _Times()
        times.buckets[bisect_left(BUCKETS_S, seconds)] += 1
        times.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        answers = CounterMetricFamily(
            f"{PREFIX}_http_requests", "Requests answered", labels=["method", "route", "status"]
        )
        for (method, route, status), count in self._answers.items():
            answers.add_metric([method, route, str(status)], count)
        yield answers
        durations = HistogramMetricFamily(
            f"{PREFIX}_http_request_seconds",
            "From the first byte to the last of the answer; long polls include their wait",
            labels=["method", "route"],
        )
        edges = [*map(floatToGoString, BUCKETS_S), "+Inf"]
        for labels, times in self._times.items():
            buckets = list(zip(edges, map(float, accumulate(times.buckets)), strict=True))
            durations.add_metric(labels, buckets, times.seconds)
        yield durations


class Telemetry:
    """A registry of its own, so that two applications in one process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Requests()
        self._registry.register(self._requests)
        self.sockets = Gauge(f"{PREFIX}_websockets", "Live connections to /ws/tickets", registry=self._registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """`route` is the template, never the path: ids must not become labels."""
        self._requests.observe(method, route, status, seconds)

    def exposition(self) -> bytes:
        """Prometheus text format 0.0.4."""
        return generate_latest(self._registry)
