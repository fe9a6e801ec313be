"""A circuit breaker as a plain state machine: it is told what happened and says who may call. It never calls anything.

    CLOSED ── too many failed or slow calls, or one hard failure ──> OPEN
    OPEN ── its time is up and somebody asks to probe ──> HALF_OPEN
    HALF_OPEN ── the one probe was good ──> CLOSED;  it was not ──> OPEN, for twice as long

While open and half-open every ticket is answered by the fallback; a probe is extra work that no ticket waits for.
Every change of state starts a new epoch, and a permit is worth something in its own epoch only: a result that comes
late changes nothing. Used from one thread (an event loop); nothing is held during a call.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ml.backoff import backoff_s
from ml.breaker_config import UNIT_TOKENS, BreakerConfig

__all__ = ["UNIT_TOKENS", "Breaker", "BreakerConfig", "BreakerState", "BreakerStatus", "Permit"]

# A probe nobody ever reported on is given up after this long, so that a lost report can't hold the breaker half-open.
# Ten times the longest answer of a model with default settings.
PROBE_PATIENCE_S = 10.0


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to call once. Goes back through `succeed`, `fail` or `release`; the first of them counts."""

    epoch: int
    serial: int
    probe: bool


@dataclass(frozen=True, slots=True)
class BreakerStatus:
    """`since_s` is a reading of the breaker's clock; `reason` is None when there is nothing to explain."""

    state: BreakerState
    since_s: float
    reason: str | None


@dataclass(frozen=True, slots=True)
class _Call:
    failure: str | None
    slow: bool


class Breaker:
    """`clock` gives monotonic seconds, `chance` a number in 0..1 for jitter."""

    def __init__(
        self, config: BreakerConfig, *, clock: Callable[[], float], chance: Callable[[], float] = random.random
    ) -> None:
        self._config = config
        self._clock = clock
        self._chance = chance
        self._state = BreakerState.CLOSED
        self._since_s = clock()
        self._reason: str | None = None
        self._epoch = 0
        self._serial = 0
        self._out: set[int] = set()
        self._calls: deque[_Call] = deque(maxlen=config.window_calls)
        self._openings = 0
        self._probe_at_s = 0.0
        self._probe_began_s = 0.0

    @property
    def config(self) -> BreakerConfig:
        return self._config

    @property
    def state(self) -> BreakerState:
        return self._state

    def status(self) -> BreakerStatus:
        return BreakerStatus(self._state, self._since_s, self._reason)

    def acquire(self) -> Permit | None:
        """Leave to call for a ticket; None unless closed."""
        return self._permit(probe=False) if self._state is BreakerState.CLOSED else None

    def probe_in_s(self) -> float:
        """Seconds until `acquire_probe` may give a permit: 0 when due, infinite while closed."""
        if self._state is BreakerState.CLOSED:
            return float("inf")
        if self._state is BreakerState.OPEN:
            return max(0.0, self._probe_at_s - self._clock())
        return max(0.0, self._probe_began_s + PROBE_PATIENCE_S - self._clock()) if self._out else 0.0

    def acquire_probe(self) -> Permit | None:
        """Leave for the one probe, when it is due; None while closed, too early, or another probe is out."""
        if self.probe_in_s() > 0:
            return None
        # From open, or half-open with a probe that was given back unused or lost: the new epoch disowns a lost one.
        self._enter(BreakerState.HALF_OPEN, self._reason)
        self._probe_began_s = self._clock()
        return self._permit(probe=True)

    def succeed(self, permit: Permit, *, elapsed_ms: float, tokens: int) -> None:
        """The call gave a sound answer after `elapsed_ms` of work, time in a queue left out."""
        if not self._take_back(permit):
            return
        slow = elapsed_ms > self._config.allowance_ms(tokens)
        if not permit.probe:
            self._record(_Call(failure=None, slow=slow))
        elif slow:
            allowed_ms = self._config.allowance_ms(tokens)
            self._open(f"the probe took {elapsed_ms:.0f} ms, slower than {allowed_ms:.0f} ms")
        else:
            self._calls.clear()
            self._enter(BreakerState.CLOSED, None)

    def fail(self, permit: Permit, reason: str) -> None:
        """The call failed; `reason` is a clause such as "the model answered out of range"."""
        if not self._take_back(permit):
            return
        if permit.probe:
            self._open(reason)
        else:
            self._record(_Call(failure=reason, slow=False))

    def release(self, permit: Permit) -> None:
        """For a `finally`: gives back a permit whose call told nothing about the model. Harmless after an outcome."""
        self._take_back(permit)

    def trip(self, reason: str) -> None:
        """A hard failure, such as the death of the process: open at once, whatever the rates say."""
        if self._state is BreakerState.OPEN:
            self._reason = reason
        else:
            self._open(reason)

    def _permit(self, *, probe: bool) -> Permit:
        self._serial += 1
        self._out.add(self._serial)
        return Permit(self._epoch, self._serial, probe)

    def _take_back(self, permit: Permit) -> bool:
        if permit.epoch != self._epoch or permit.serial not in self._out:
            return False
        self._out.discard(permit.serial)
        return True

    def _record(self, call: _Call) -> None:
        self._calls.append(call)
        total = len(self._calls)
        if total < self._config.minimum_calls:
            return
        failures = [call.failure for call in self._calls if call.failure]
        failed, slow = len(failures), sum(call.slow for call in self._calls)
        parts = []
        if slow:
            parts.append(f"{slow} of the last {total} calls were slower than {self._config.slow_ms:.0f} ms")
        if failed:
            parts.append(f"{failed} of the last {total} calls failed, the latest because {failures[-1]}")
        if (
            failed >= self._config.failure_rate * total
            or slow >= self._config.slow_rate * total
            # Neither rate alone, and still no better a model: every bad call is one or the other, never both.
            or failed + slow >= max(self._config.failure_rate, self._config.slow_rate) * total
        ):
            self._open(" and ".join(parts))

    def _open(self, reason: str) -> None:
        # A model that stayed good for as long as the longest punishment has done its time: this is a new illness.
        cap_s = max(self._config.open_cap_s, self._config.open_s)
        healthy = self._state is BreakerState.CLOSED and self._clock() - self._since_s >= cap_s
        self._openings = 1 if healthy else self._openings + 1
        self._probe_at_s = self._clock() + backoff_s(self._config.open_s, cap_s, self._openings, self._chance())
        self._calls.clear()
        self._enter(BreakerState.OPEN, reason)

    def _enter(self, state: BreakerState, reason: str | None) -> None:
        if state is not self._state:
            self._since_s = self._clock()
        self._state = state
        self._reason = reason
        self._epoch += 1
        self._out.clear()
