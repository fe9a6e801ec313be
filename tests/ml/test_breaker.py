"""What opens the breaker, on a clock of the test's own."""

import pytest

from ml.breaker import UNIT_TOKENS, Breaker, BreakerConfig, BreakerState
from tests.ml.breaking import CONFIG, Clock, call


def test_opens_when_half_of_the_calls_fail(breaker: Breaker) -> None:
    call(breaker)
    call(breaker, failure="the engine raised ValueError")
    call(breaker)
    assert breaker.status().state is BreakerState.CLOSED
    call(breaker, failure="the engine raised ValueError")
    assert breaker.status().state is BreakerState.OPEN
    assert breaker.status().reason == ("2 of the last 4 calls failed, the latest because the engine raised ValueError")
    assert breaker.acquire() is None


def test_opens_when_calls_are_slow_and_says_so(breaker: Breaker) -> None:
    call(breaker)
    for _ in range(3):
        call(breaker, elapsed_ms=501)
    assert breaker.status().reason == "3 of the last 4 calls were slower than 500 ms"


def test_slow_and_failed_calls_add_up(clock: Clock) -> None:
    breaker = Breaker(CONFIG, clock=clock)
    for _ in range(6):
        call(breaker)
    call(breaker, elapsed_ms=900)
    call(breaker, failure="it raised")
    call(breaker, elapsed_ms=900)
    assert breaker.status().state is BreakerState.CLOSED
    call(breaker, failure="it raised")
    assert breaker.status().state is BreakerState.CLOSED
    call(breaker, elapsed_ms=900)
    assert breaker.status().state is BreakerState.OPEN
    assert "3 of the last 10 calls were slower than 500 ms and 2 of the last 10 calls failed" in str(
        breaker.status().reason
    )


def test_too_few_calls_prove_nothing(breaker: Breaker) -> None:
    for _ in range(CONFIG.minimum_calls - 1):
        call(breaker, failure="it raised")
    assert breaker.status().state is BreakerState.CLOSED


def test_the_window_slides(breaker: Breaker) -> None:
    call(breaker)
    call(breaker)
    call(breaker)
    call(breaker, failure="it raised")
    for _ in range(CONFIG.window_calls):
        call(breaker)
    for _ in range(CONFIG.window_calls // 2 - 1):
        call(breaker, failure="it raised")
    assert breaker.status().state is BreakerState.CLOSED
    call(breaker, failure="it raised")
    assert breaker.status().state is BreakerState.OPEN


@pytest.mark.parametrize(
    ("elapsed_ms", "tokens", "slow"),
    [(500, 1, False), (501, 1, True), (501, UNIT_TOKENS, True), (1_000, 2 * UNIT_TOKENS, False), (1_001, 1_024, True)],
)
def test_slowness_is_judged_per_unit_of_work(breaker: Breaker, elapsed_ms: float, tokens: int, slow: bool) -> None:
    for _ in range(CONFIG.minimum_calls):
        call(breaker, elapsed_ms=elapsed_ms, tokens=tokens)
    assert (breaker.status().state is BreakerState.OPEN) is slow


def test_a_hard_failure_opens_at_once(breaker: Breaker, clock: Clock) -> None:
    breaker.trip("the model process died (signal 9)")
    status = breaker.status()
    assert (status.state, status.since_s) == (BreakerState.OPEN, clock.now_s)
    assert status.reason == "the model process died (signal 9)"


@pytest.mark.parametrize(
    "wrong",
    [
        {"slow_ms": 0},
        {"open_s": -1},
        {"minimum_calls": 11},
        {"minimum_calls": 0},
        {"slow_rate": 0},
        {"failure_rate": 2},
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        BreakerConfig(**wrong)  # type: ignore[arg-type]
