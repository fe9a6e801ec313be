"""The breaker, on a clock of the test's own."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ml.backoff import backoff_s
from ml.breaker import PROBE_PATIENCE_S, UNIT_TOKENS, Breaker, BreakerConfig, BreakerState, Permit

CONFIG = BreakerConfig(slow_ms=500, open_s=10, open_cap_s=60)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(CONFIG, clock=clock, chance=lambda: 0.0)


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


def test_jitter_spreads_all_but_the_first_wait() -> None:
    assert backoff_s(10, 60, 1, chance=1.0) == 10
    assert backoff_s(10, 60, 2, chance=0.0) == 20
    assert backoff_s(10, 60, 2, chance=1.0) == pytest.approx(24)
    assert backoff_s(10, 60, 4, chance=1.0) == 60
    assert backoff_s(10, 60, 10_000_000, chance=1.0) == 60


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


class AnyOrder(RuleBasedStateMachine):
    """Calls, probes, outcomes late and early, deaths and time in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(CONFIG, clock=self.clock)
        self.permits: list[Permit] = []
        self.probe_began: list[float] = []

    @rule()
    def call_begins(self) -> None:
        permit = self.breaker.acquire()
        assert (permit is not None) == (self.breaker.status().state is BreakerState.CLOSED)
        if permit:
            self.permits.append(permit)

    @rule()
    def probe_begins(self) -> None:
        before = self.breaker.state
        permit = self.breaker.acquire_probe()
        if permit:
            assert before is not BreakerState.CLOSED
            live = [p for p in self.permits if p.probe and p.epoch == permit.epoch]
            assert not live, "two probes of one epoch are out"
            self.permits.append(permit)

    @precondition(lambda self: self.permits)
    @rule(
        data=st.data(),
        outcome=st.sampled_from(["good", "slow", "failed", "released"]),
        again=st.booleans(),
    )
    def call_ends(self, data: st.DataObject, outcome: str, again: bool) -> None:
        permit = data.draw(st.sampled_from(self.permits))
        before = self.breaker.status()
        stale = permit.epoch != self.breaker._epoch
        if outcome == "failed":
            self.breaker.fail(permit, "it raised")
        elif outcome == "released":
            self.breaker.release(permit)
        else:
            self.breaker.succeed(permit, elapsed_ms=10 if outcome == "good" else 5_000, tokens=50)
        if stale:
            assert self.breaker.status() == before, "a late result changed the state"
        if not again:  # Otherwise it is reported once more later, as a buggy caller would.
            self.permits.remove(permit)

    @rule()
    def process_dies(self) -> None:
        self.breaker.trip("it died")
        assert self.breaker.status().state is BreakerState.OPEN

    @rule(seconds=st.floats(0, 100))
    def time_passes(self, seconds: float) -> None:
        self.clock.now_s += seconds

    @invariant()
    def no_more_than_one_probe_is_out(self) -> None:
        if self.breaker.status().state is BreakerState.HALF_OPEN:
            assert len(self.breaker._out) <= 1
        if self.breaker.status().state is BreakerState.OPEN:
            assert not self.breaker._out

    @invariant()
    def only_closed_needs_no_explanation(self) -> None:
        status = self.breaker.status()
        assert (status.reason is None) == (status.state is BreakerState.CLOSED)

    def teardown(self) -> None:
        """Never stuck: time and one good probe close it from any state, with every old permit still out."""
        if self.breaker.status().state is not BreakerState.CLOSED:
            wait_s = self.breaker.probe_in_s()
            assert wait_s <= max(CONFIG.open_cap_s, PROBE_PATIENCE_S)
            self.clock.now_s += wait_s + 1e-6
            permit = self.breaker.acquire_probe()
            assert permit is not None
            self.breaker.succeed(permit, elapsed_ms=10, tokens=50)
        assert self.breaker.status().state is BreakerState.CLOSED
        assert self.breaker.acquire() is not None


TestAnyOrder = AnyOrder.TestCase
