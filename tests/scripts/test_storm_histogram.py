"""Percentiles to 0.8 %, against the exact ones."""

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from scripts.storm_histogram import Histogram

TIMES = st.lists(st.floats(0, 3600), min_size=1, max_size=200)


@given(TIMES, st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_never_less_than_the_exact_one_and_hardly_more(times: list[float], share: float) -> None:
    histogram = Histogram()
    for time in times:
        histogram.record(time)
    exact = sorted(times)[max(0, math.ceil(share * len(times)) - 1)]
    # A microsecond is what is counted; 1/128 is a bucket.
    assert exact - 1e-6 <= histogram.percentile(share) <= exact * (1 + 1 / 128) + 2e-6
    assert histogram.count == len(times) and histogram.max_s == max(times)


@given(TIMES)
def test_the_bars_hold_everything_and_touch_each_other(times: list[float]) -> None:
    histogram = Histogram()
    for time in times:
        histogram.record(time)
    bars = histogram.bars()
    assert sum(bar.count for bar in bars) == len(times) and bars[0].count and bars[-1].count
    assert all(math.isclose(left.to_ms, right.from_ms) for left, right in itertools.pairwise(bars))


def test_nothing_was_recorded() -> None:
    assert Histogram().percentile(0.99) == 0 and Histogram().bars() == []
