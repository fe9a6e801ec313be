"""Waits between attempts."""

import pytest

from ml.backoff import backoff_s


def test_jitter_spreads_all_but_the_first_wait() -> None:
    assert backoff_s(10, 60, 1, chance=1.0) == 10
    assert backoff_s(10, 60, 2, chance=0.0) == 20
    assert backoff_s(10, 60, 2, chance=1.0) == pytest.approx(24)
    assert backoff_s(10, 60, 4, chance=1.0) == 60
    assert backoff_s(10, 60, 10_000_000, chance=1.0) == 60
