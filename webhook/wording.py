"""How one value of an alert is put into words: scores, moods, times, names, the customer's text. Pure.

Everything returned here is ready for a mrkdwn field, except `customer_line`, `customer_lines` and `level`, which are
plain words that still need escaping for the field they go to.
"""

from datetime import UTC, datetime

from webhook.alerts import Alert
from webhook.escape import clean, for_mrkdwn, one_line
from webhook.masking import mask

NAME_CHARS = 80  # categories, agents, engines
ID_CHARS = 200  # longer than any id the API accepts

# Cleaning and masking cost time with length, and what is shown is short. What precedes a cut could be the start of a
# number, so the last characters go too: a card typed with three separators between all digits takes 73.
RAW_CHARS = 20_000
MASKED_CHARS = 6_000
_CUT_MARGIN_CHARS = 80
# Slack shows the reader's own time; the text behind the bar is for clients that can't.
_SLACK_DATE = "<!date^{epoch}^{{date_short_pretty}} {{time}}|{utc}>"
_MOODS = ((2, "furious"), (4, "annoyed"), (6, "neutral"), (8.5, "friendly"), (10, "delighted"))


def customer_line(text: str) -> str:
    """One line, cleaned and then masked."""
    return _masked(one_line(text[:RAW_CHARS]), complete=len(text) <= RAW_CHARS)


def customer_lines(text: str) -> list[str]:
    """The lines that hold something, cleaned and then masked."""
    lines = [line.strip() for line in clean(text[:RAW_CHARS]).split("\n") if line.strip()]
    return _masked("\n".join(lines), complete=len(text) <= RAW_CHARS).split("\n") if lines else []


def level(alert: Alert) -> str:
    return one_line(alert.urgency_label or "") or "unknown"


def how_bad(alert: Alert) -> str:
    return f"{for_mrkdwn(level(alert), NAME_CHARS)}, S {score(alert.urgency_score)} of 1"


def score(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def mood(value: float | None) -> str:
    if value is None:
        return "unknown"
    word = next((word for limit, word in _MOODS if value <= limit), _MOODS[-1][1])
    return f"{word}, {value:.0f} of 10"


def tickets(count: int) -> str:
    return "1 ticket" if count == 1 else f"{count:,} similar tickets"


def name(value: str | None, otherwise: str = "unknown") -> str:
    return for_mrkdwn(value or "", NAME_CHARS) or otherwise


def identity(value: str) -> str:
    return for_mrkdwn(value, ID_CHARS)


def instant(created_at: str) -> datetime | None:
    """The moment in UTC, or None if the text is no RFC 3339 time."""
    try:
        at = datetime.fromisoformat(created_at)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def since_utc(created_at: str) -> str:
    at = instant(created_at)
    return utc(at) if at else for_mrkdwn(created_at, NAME_CHARS) or "unknown"


def since(created_at: str) -> str:
    """In the reader's own time zone, where Slack can show it."""
    at = instant(created_at)
    return _SLACK_DATE.format(epoch=int(at.timestamp()), utc=utc(at)) if at else since_utc(created_at)


def _masked(cleaned: str, *, complete: bool) -> str:
    if complete and len(cleaned) <= MASKED_CHARS:
        return mask(cleaned)
    return mask(cleaned[:MASKED_CHARS])[:-_CUT_MARGIN_CHARS]
