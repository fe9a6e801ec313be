"""What closes the breaker again: one probe at a time, each after a longer wait than the last."""

from ml.breaker import PROBE_PATIENCE_S, Breaker, BreakerState
from tests.ml.breaking import CONFIG, Clock, probe


def test_a_good_probe_closes(breaker: Breaker, clock: Clock) -> None:
    breaker.trip("it died")
    assert breaker.acquire_probe() is None
    assert breaker.probe_in_s() == CONFIG.open_s
    clock.now_s += CONFIG.open_s
    permit = probe(breaker)
    assert breaker.status().state is BreakerState.HALF_OPEN
    assert breaker.acquire() is None, "tickets go to keywords while a probe is out"
    assert breaker.acquire_probe() is None, "one probe at a time"
    breaker.succeed(permit, elapsed_ms=20, tokens=50)
    assert breaker.status().state is BreakerState.CLOSED
    assert breaker.status().reason is None


def test_a_slow_probe_opens_again(breaker: Breaker, clock: Clock) -> None:
    breaker.trip("it died")
    clock.now_s += CONFIG.open_s
    breaker.succeed(probe(breaker), elapsed_ms=812, tokens=50)
    assert breaker.status().state is BreakerState.OPEN
    assert breaker.status().reason == "the probe took 812 ms, slower than 500 ms"


def test_repeated_openings_last_twice_as_long_up_to_a_cap(breaker: Breaker, clock: Clock) -> None:
    breaker.trip("it died")
    waits = []
    for _ in range(5):
        waits.append(breaker.probe_in_s())
        clock.now_s += breaker.probe_in_s()
        breaker.fail(probe(breaker), "it raised")
    assert waits == [10, 20, 40, 60, 60]


def test_flapping_is_one_illness_and_a_long_calm_ends_it(breaker: Breaker, clock: Clock) -> None:
    for expected_s in (10.0, 20.0):
        breaker.trip("it died")
        assert breaker.probe_in_s() == expected_s
        clock.now_s += expected_s
        breaker.succeed(probe(breaker), elapsed_ms=20, tokens=50)
        clock.now_s += 1
    clock.now_s += CONFIG.open_cap_s
    breaker.trip("it died")
    assert breaker.probe_in_s() == 10


def test_a_late_result_of_an_old_epoch_changes_nothing(breaker: Breaker, clock: Clock) -> None:
    early = breaker.acquire()
    assert early is not None
    breaker.trip("it died")
    breaker.succeed(early, elapsed_ms=1, tokens=1)
    assert breaker.status().state is BreakerState.OPEN
    clock.now_s += CONFIG.open_s
    permit = probe(breaker)
    breaker.fail(early, "late")
    assert breaker.status().state is BreakerState.HALF_OPEN
    breaker.succeed(permit, elapsed_ms=1, tokens=1)
    breaker.fail(permit, "said twice")
    assert breaker.status().state is BreakerState.CLOSED


def test_a_probe_given_back_unused_leaves_room_for_the_next(breaker: Breaker, clock: Clock) -> None:
    breaker.trip("it died")
    clock.now_s += CONFIG.open_s
    breaker.release(probe(breaker))
    breaker.succeed(probe(breaker), elapsed_ms=1, tokens=1)
    assert breaker.status().state is BreakerState.CLOSED


def test_a_lost_probe_does_not_hold_the_breaker_half_open(breaker: Breaker, clock: Clock) -> None:
    breaker.trip("it died")
    clock.now_s += CONFIG.open_s
    lost = probe(breaker)
    clock.now_s += PROBE_PATIENCE_S
    second = probe(breaker)
    breaker.succeed(lost, elapsed_ms=1, tokens=1)
    assert breaker.status().state is BreakerState.HALF_OPEN
    breaker.succeed(second, elapsed_ms=1, tokens=1)
    assert breaker.status().state is BreakerState.CLOSED
