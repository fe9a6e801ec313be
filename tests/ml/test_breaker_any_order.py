"""Whatever happens to a breaker in whatever order, it says why it is open and one good probe closes it."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ml.breaker import PROBE_PATIENCE_S, Breaker, BreakerState, Permit
from tests.ml.breaking import CONFIG, Clock


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
