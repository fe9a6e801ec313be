"""When each send of an open storm is meant to start: rates that stand, climb, fall and jump. Pure arithmetic, no clock.

The rate over time is made of straight stretches. Its area up to a moment is the number of sends due by then, so the n-th send
is due where the area reaches n (evenly spaced), or where a Poisson process of rate 1 has its n-th event (as people come).
"""

import itertools
import math
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_RATE = re.compile(r"(\d+(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?")
_SPIKE = re.compile(r"(\d+(?:\.\d+)?)@(\d+(?:\.\d+)?)\+(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Ramp:
    """From the first to the last moment, tickets a second. Equal ends: a steady rate."""

    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Spike:
    """`rate` tickets a second in place of the usual, from `start_s` on for `length_s`."""

    rate: float
    start_s: float
    length_s: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """Seconds and tickets a second at both ends; straight in between."""

    start_s: float
    end_s: float
    first: float
    last: float

    @property
    def area(self) -> float:
        return (self.end_s - self.start_s) * (self.first + self.last) / 2

    def moment(self, area: float) -> float:
        """When the area since its start reaches this; the root in the form that needs no division by the slope."""
        if not area:
            return self.start_s
        slope = (self.last - self.first) / (self.end_s - self.start_s)
        return self.start_s + 2 * area / (self.first + math.sqrt(max(0.0, self.first**2 + 2 * slope * area)))


def ramp_of(text: str) -> Ramp:
    """Reads "50" and "50:500". Raises ValueError."""
    found = _RATE.fullmatch(text.strip())
    if not found or not (float(found[1]) or float(found[2] or 0)):
        raise ValueError("a rate is RATE or FROM:TO, in tickets a second, such as 50 or 50:500")
    return Ramp(float(found[1]), float(found[2] or found[1]))


def spike_of(text: str) -> Spike:
    """Reads "500@4+2": 500 a second from the 4th second on, for 2 s. Raises ValueError."""
    found = _SPIKE.fullmatch(text.strip())
    if not found or not float(found[3]):
        raise ValueError("a spike is RATE@START+LENGTH in seconds, such as 500@4+2")
    return Spike(float(found[1]), float(found[2]), float(found[3]))


def stretches(ramp: Ramp, seconds: float, spikes: Sequence[Spike] = ()) -> list[Stretch]:
    """The whole storm, in order. Where spikes overlap the last one given counts."""

    def usual(at_s: float) -> float:
        return ramp.first + (ramp.last - ramp.first) * at_s / seconds

    edges = {0.0, seconds}
    for spike in spikes:
        edges |= {min(spike.start_s, seconds), min(spike.start_s + spike.length_s, seconds)}
    made = []
    for start_s, end_s in itertools.pairwise(sorted(edges)):
        middle_s = (start_s + end_s) / 2
        over = [spike for spike in spikes if spike.start_s <= middle_s < spike.start_s + spike.length_s]
        first, last = (over[-1].rate, over[-1].rate) if over else (usual(start_s), usual(end_s))
        made.append(Stretch(start_s, end_s, first, last))
    return made


def arrivals(storm: Sequence[Stretch], rng: random.Random | None = None) -> Iterator[float]:
    """Seconds after the start, in order, to the end of the storm. `rng`: Poisson arrivals; None: evenly spaced."""
    due = rng.expovariate(1.0) if rng else 0.0
    passed = 0.0
    for stretch in storm:
        while due < passed + stretch.area:
            yield stretch.moment(due - passed)
            due += rng.expovariate(1.0) if rng else 1.0
        passed += stretch.area
