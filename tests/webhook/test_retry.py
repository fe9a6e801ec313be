"""The arithmetic of trying again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook import backoff_s
from webhook.retry import LONGEST_RETRY_AFTER_S, LONGEST_WAIT_S, SHORTEST_RETRY_AFTER_S, retry_after_s

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


def test_waits_double_up_to_the_cap() -> None:
    assert [backoff_s(attempt, jitter=0.0) for attempt in range(1, 12)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@given(st.integers(1, 10**9), st.floats(0, 1))
def test_jitter_takes_away_at_most_half(attempt: int, jitter: float) -> None:
    longest = backoff_s(attempt, jitter=0.0)
    assert longest / 2 <= backoff_s(attempt, jitter=jitter) <= longest <= LONGEST_WAIT_S


@pytest.mark.parametrize(("attempt", "jitter"), [(0, 0.5), (-1, 0.5), (1, -0.1), (1, 1.1), (1, float("nan"))])
def test_nonsense_is_refused(attempt: int, jitter: float) -> None:
    with pytest.raises(ValueError, match="attempt"):
        backoff_s(attempt, jitter=jitter)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        (" 2.5 ", 2.5),
        ("0", SHORTEST_RETRY_AFTER_S),
        ("-5", SHORTEST_RETRY_AFTER_S),
        ("999999999", LONGEST_RETRY_AFTER_S),
        ("9" * 5000, LONGEST_RETRY_AFTER_S),
        ("inf", LONGEST_RETRY_AFTER_S),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), SHORTEST_RETRY_AFTER_S),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_RETRY_AFTER_S),
        ("Thu, 15 Jan 2026 10:31:00 -0000", 60.0),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, now=NOW) == seconds


@given(st.text())
def test_no_header_breaks_it(header: str) -> None:
    seconds = retry_after_s(header, now=NOW)
    assert seconds is None or SHORTEST_RETRY_AFTER_S <= seconds <= LONGEST_RETRY_AFTER_S
