"""How near is near enough: a ticket's own bars, those of the groups there are, and how crowded it is among them. Pure.

On a desk with one product every ticket resembles every other. All bars therefore rise with the median cosine to the
groups there are: what counts is how far two tickets stand out from what is usual here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# How much of the distance to 1 the median cosine takes away from a bar. Fitted on streams of 200 tickets of one source, of which
# a bar without it folded up to .8: at 2 the mixed traffic of several products loses nothing and such streams fold little.
CROWD_LIFT = 2.0
# Groups that the median must be taken over to count for half: of two or three it says nothing.
HALF_TRUST_GROUPS = 10
# Groups, spread over all, whose median stands for that of all: it is asked for every ticket, and moves by a hundredth at most.
MEDIAN_OF = 512
# From this cosine on a doubtful ticket is folded all the same: who comes so near reports the same cause, however it is put.
SURE = 0.7
# A ticket that falls short of being folded by its doubt counts in a group, and teaches it what the cause is worded like, if it clears
# this share of the doubt. At half of that, 200 unlike tickets within a window make up two incidents of their own; at twice that, a
# tenth of the floods is missed that is found now.
DOUBT_TO_COUNT = 0.2
# Copies of one text always group, however crowded the desk and doubtful the text.
HIGHEST_BAR = 0.95
# Rows that a fresh space has room for; it doubles when full.
FIRST_ROWS = 64

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Mark:
    """A ticket as the groups see it: unit float32 `vector` (d,) of a `space`, and its own bars, as cosines.

    `lone`: against a group of one. `threshold`: against a group of many; of n, `threshold + (lone - threshold) / n`.
    `doubt`: what it must reach beyond that to be folded with the group rather than only counted with it.
    """

    space: str
    vector: FloatArray
    threshold: float
    lone: float
    doubt: float = 0.0


@dataclass(slots=True)
class Rows:
    """Groups of one space, row by row: means (n, d), sizes, and the bars of their leaders (n, 2)."""

    leaders: list[str]
    means: FloatArray
    sizes: FloatArray
    bars: FloatArray

    @classmethod
    def of(cls, width: int) -> "Rows":
        return cls([], *(np.ones((FIRST_ROWS, *rest), np.float32) for rest in ((width,), (), (2,))))

    def grow(self) -> None:
        self.means, self.sizes, self.bars = (
            np.concatenate([each, np.ones_like(each)]) for each in (self.means, self.sizes, self.bars)
        )

    def cosines(self, vector: FloatArray) -> FloatArray:
        near: FloatArray = self.means[: len(self.leaders)] @ vector
        return near

    def bar(self, row: int, size: float) -> float:
        """What a group with this leader asks for at this size."""
        threshold, lone = self.bars[row]
        return float(threshold + (lone - threshold) / size)


def lift_of(cosines: FloatArray) -> float:
    """How crowded it is, 0 to 1: the median cosine to the groups there are, trusted more the more there are."""
    if not len(cosines):
        return 0.0
    trust = len(cosines) / (len(cosines) + HALF_TRUST_GROUPS)
    sample = cosines[:: 1 + len(cosines) // MEDIAN_OF]
    middle = len(sample) // 2
    return min(1.0, CROWD_LIFT * max(0.0, float(np.partition(sample, middle)[middle])) * trust)


def doubted(bar: float, doubt: float) -> float:
    """What a doubtful ticket must reach where others need `bar`."""
    return max(bar, min(SURE, bar + doubt))


def lifted(bar: float, lift: float) -> float:
    return min(HIGHEST_BAR, bar + lift * (1 - bar))
