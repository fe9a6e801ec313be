"""Numbers about the HTTP side, for Prometheus: requests by route template, how long they took, and live connections."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

PREFIX = "smart_support"
EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# From a fast intake to a long poll of 30 s.
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Telemetry:
    """A registry of its own, so that two applications in one process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            f"{PREFIX}_http_requests", "Requests answered", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            f"{PREFIX}_http_request_seconds",
            "From the first byte to the last of the answer; long polls include their wait",
            ["method", "route"],
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self.sockets = Gauge(f"{PREFIX}_websockets", "Live connections to /ws/tickets", registry=self._registry)
        # labels() hashes and locks; the few combinations there are get looked up once.
        self._counted: dict[tuple[str, str, int], Counter] = {}
        self._timed: dict[tuple[str, str], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """`route` is the template, never the path: ids must not become labels."""
        counter = self._counted.get((method, route, status))
        if counter is None:
            counter = self._counted[method, route, status] = self._requests.labels(method, route, str(status))
        counter.inc()
        timer = self._timed.get((method, route))
        if timer is None:
            timer = self._timed[method, route] = self._seconds.labels(method, route)
        timer.observe(seconds)

    def exposition(self) -> bytes:
        """Prometheus text format 0.0.4."""
        return generate_latest(self._registry)
