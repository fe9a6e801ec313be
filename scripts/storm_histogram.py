"""Durations counted in buckets: percentiles of any number of sends in a few kilobytes.

Buckets are those of an HDR histogram: each power of two is cut into 128, so a value is known to 0.8 %. A package for it exists;
it has no wheel for Linux on ARM, where a newcomer's install would then need a compiler, and this is all that is needed of it.
"""

import math
from collections import defaultdict
from dataclasses import dataclass

US_PER_S = 1_000_000
# Buckets in each power of two, as a power of two.
BITS = 7
# Bars a decade in a drawing: neighbours differ by a quarter.
BARS_PER_DECADE = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """So many durations from `from_ms` to below `to_ms`."""

    from_ms: float
    to_ms: float
    count: int


class Histogram:
    """Takes and gives seconds."""

    def __init__(self) -> None:
        self.count = 0
        self.max_s = 0.0
        self._buckets: defaultdict[int, int] = defaultdict(int)

    def record(self, seconds: float) -> None:
        us = int(seconds * US_PER_S) if seconds > 0 else 0
        shift = max(0, us.bit_length() - BITS - 1)
        self._buckets[(shift << BITS) + (us >> shift)] += 1
        self.count += 1
        if seconds > self.max_s:
            self.max_s = seconds

    def percentile(self, share: float) -> float:
        """What `share` (0..1) of the durations do not exceed: the upper edge of a bucket, at most the maximum. 0 when empty."""
        wanted, seen = math.ceil(share * self.count), 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return min(_edge_us(bucket + 1) / US_PER_S, self.max_s)
        return 0.0

    def bars(self) -> list[Bar]:
        """For a drawing: bars of equal width on a logarithmic axis, gaps included, from the least to the greatest duration."""
        counts: defaultdict[int, int] = defaultdict(int)
        for bucket, count in self._buckets.items():
            counts[math.floor(math.log10(max(1, _edge_us(bucket))) * BARS_PER_DECADE)] += count
        if not counts:
            return []
        return [
            Bar(_bar_edge_ms(number), _bar_edge_ms(number + 1), counts.get(number, 0))
            for number in range(min(counts), max(counts) + 1)
        ]


def _edge_us(bucket: int) -> int:
    """The lower edge."""
    shift = max(0, (bucket >> BITS) - 1)
    return (bucket - (shift << BITS)) << shift


def _bar_edge_ms(number: int) -> float:
    return float(10 ** (number / BARS_PER_DECADE)) / 1000
