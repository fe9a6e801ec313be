"""Short ways to use a breaker, and the clock that a test moves for it."""

from ml.breaker import Breaker, BreakerConfig, Permit

CONFIG = BreakerConfig(slow_ms=500, open_s=10, open_cap_s=60)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def call(breaker: Breaker, elapsed_ms: float = 10, tokens: int = 50, failure: str | None = None) -> None:
    permit = breaker.acquire()
    assert permit is not None
    if failure:
        breaker.fail(permit, failure)
    else:
        breaker.succeed(permit, elapsed_ms=elapsed_ms, tokens=tokens)


def probe(breaker: Breaker) -> Permit:
    permit = breaker.acquire_probe()
    assert permit is not None and permit.probe
    return permit
