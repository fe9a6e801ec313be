"""When to try again: pure arithmetic over the attempt number and what Slack asked for."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_WAIT_S = 1.0  # Slack takes one message a second
LONGEST_WAIT_S = 300.0  # an alert five minutes late is still worth reading; longer gaps would outlast most outages
SHORTEST_RETRY_AFTER_S = 1.0
# Slack asks for seconds to minutes. More is a broken clock or a proxy's mistake, and would mute alerts for hours.
LONGEST_RETRY_AFTER_S = 900.0


def backoff_s(attempt: int, *, jitter: float) -> float:
    """Seconds to wait after the `attempt`-th failed delivery (from 1): 1, 2, 4, ... capped at 300.

    `jitter` in 0..1 takes up to half of it away, so that senders that failed together do not come back together.
    """
    if attempt < 1 or not 0.0 <= jitter <= 1.0:
        raise ValueError("attempt counts from 1, and jitter lies in 0..1")
    doublings = min(attempt - 1, math.ceil(math.log2(LONGEST_WAIT_S / FIRST_WAIT_S)))
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**doublings) * (1.0 - jitter / 2.0)


def retry_after_s(header: str | None, *, now: datetime) -> float | None:
    """Seconds a Retry-After header asks for, in 1..900; None if it is missing or says nothing (RFC 9110, 10.2.3).

    Takes seconds or an HTTP date; `now` is aware. Tolerates fractions of a second, which some proxies send.
    """
    if header is None:
        return None
    seconds = _seconds(header.strip())
    if seconds is None:
        seconds = _seconds_until(header.strip(), now)
    if seconds is None:
        return None
    return min(max(seconds, SHORTEST_RETRY_AFTER_S), LONGEST_RETRY_AFTER_S)


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return None if math.isnan(seconds) else seconds


def _seconds_until(text: str, now: datetime) -> float | None:
    try:
        at = parsedate_to_datetime(text)
        return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
