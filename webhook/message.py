"""What a Slack message says. Pure: an alert in, a payload for an incoming webhook out.

Read from the top in five seconds: how bad and what (heading); since when, how many, whose (facts); the customer's own
words; why the system thinks so; what to do next. Customer text is masked, stands in plain_text where it can format
nothing, and is escaped once and then cut. Slack's limits (header 150, section 3,000, 50 blocks, 13,200 in all) are kept
by construction: the longest message of each kind is the sum of the limits below and in `wording`.
"""

import hashlib
from collections.abc import Sequence

from webhook.alerts import Alert
from webhook.blocks import Block, Message, command, context, facts, header, payload, section, segment, words
from webhook.escape import for_code, for_mrkdwn
from webhook.wording import (
    ID_CHARS,
    customer_line,
    customer_lines,
    how_bad,
    identity,
    instant,
    level,
    mood,
    name,
    score,
    since,
    since_utc,
    tickets,
    utc,
)

LOCAL_API = "http://127.0.0.1:8000"
SUBJECT_CHARS = 120  # in the notification and in a digest's line: a phone's lock screen shows about as much
EXCERPT_CHARS = 600  # five seconds of reading; Slack would allow 3,000
EXCERPT_LINES = 8  # a wall of line breaks would push "what to do" off the screen
REASONS_SHOWN = 4
REASON_CHARS = 200
DIGEST_LINES = 20  # what a person reads; 20 lines of at most 550 stay below 13,200 in all


def ticket_message(alert: Alert, *, api_url: str = LOCAL_API) -> Message:
    """One urgent ticket. `api_url` is where agents reach the API, for the command that pulls it."""
    pull = "/tickets/next" + (f"?agent={segment(alert.assigned_agent)}" if alert.assigned_agent else "")
    steps = (
        "*Next:* pull it (the most urgent ticket comes first)",
        command("POST", api_url, pull),
        "or only look at it",
        command("GET", api_url, f"/tickets/{segment(alert.ticket_id)}"),
    )
    lines = [
        f"*How bad:* {how_bad(alert)}",
        f"*Waiting since:* {since(alert.created_at)}",
        f"*Category:* {name(alert.category)}",
        f"*Assigned to:* {name(alert.assigned_agent, 'nobody')}",
        f"*Mood:* {mood(alert.sentiment_score)}",
        f"*Judged by:* {name(alert.engine)}",
    ]
    ids = f"Ticket {for_code(alert.ticket_id, ID_CHARS)} · alert {for_code(alert.alert_id, ID_CHARS)}"
    fallback = (
        f"{name(level(alert).upper())} urgency (S {score(alert.urgency_score)}): {_short_subject(alert)}. "
        f"{name(alert.category)}, since {since_utc(alert.created_at)}. Ticket {identity(alert.ticket_id)}"
    )
    blocks = [
        header(f"{level(alert).upper()} {score(alert.urgency_score)} · {_subject(alert)}"),
        facts(lines),
        *_excerpt(alert.excerpt),
        *_why(alert.reasons),
        section("\n".join(steps)),
        context(ids + _repeat_note(alert)),
    ]
    return payload(fallback + _may_repeat(alert, f"alert {identity(alert.alert_id)}"), blocks)


def incident_message(alert: Alert, *, api_url: str = LOCAL_API) -> Message:
    """Many tickets with one cause. Raises ValueError if the alert is not an incident's."""
    if alert.kind != "incident" or not alert.incident_id:
        raise ValueError("incident_message needs an alert of kind 'incident'")
    incident = f"/incidents/{segment(alert.incident_id)}"
    steps = (
        "*Next:* say that you are on it",
        command("POST", api_url, f"{incident}/acknowledge"),
        "see its tickets",
        command("GET", api_url, incident),
        "and settle them all at once when it is over",
        command("POST", api_url, f"{incident}/resolve"),
    )
    lines = [
        f"*How many:* {tickets(alert.count)}",
        f"*Since:* {since(alert.created_at)}",
        f"*How bad:* {how_bad(alert)}",
        f"*Category:* {name(alert.category)}",
    ]
    fallback = (
        f"INCIDENT: {tickets(alert.count)} about: {_short_subject(alert)}. "
        f"Urgency {how_bad(alert)}, since {since_utc(alert.created_at)}. Incident {identity(alert.incident_id)}"
    )
    ids = (
        f"Incident {for_code(alert.incident_id, ID_CHARS)} · first ticket {for_code(alert.ticket_id, ID_CHARS)} · "
        f"alert {for_code(alert.alert_id, ID_CHARS)}"
    )
    blocks = [
        header(f"INCIDENT · {tickets(alert.count)} · {_subject(alert)}"),
        facts(lines),
        *_excerpt(alert.excerpt),
        *_why(alert.reasons),
        section("\n".join(steps)),
        context(ids + _repeat_note(alert)),
    ]
    return payload(fallback + _may_repeat(alert, f"alert {identity(alert.alert_id)}"), blocks)


def digest_message(alerts: Sequence[Alert], omitted: int, *, api_url: str = LOCAL_API) -> Message:
    """Many alerts that waited, in one message: incidents first, then the most urgent.

    `omitted` counts further alerts that are not in `alerts`. The digest's id depends on the alerts in it alone, so the
    same digest sent again carries the same id. Raises ValueError if there is nothing to tell.
    """
    if not alerts or omitted < 0:
        raise ValueError("a digest needs at least one alert, and can't omit fewer than none")
    ordered = sorted(alerts, key=_worst_first)
    shown = ordered[:DIGEST_LINES]
    total = len(ordered) + omitted
    unseen = total - len(shown)
    incidents = sum(alert.kind == "incident" for alert in ordered)
    times = [at for alert in ordered if (at := instant(alert.created_at))]
    oldest = f", oldest from {utc(min(times))}" if times else ""
    heading = "1 urgent alert" if total == 1 else f"{total:,} urgent alerts"
    if incidents:
        heading += ", 1 is an incident" if incidents == 1 else f", {incidents:,} are incidents"
    digest_id = _digest_id(alerts)
    latest = max(alerts, key=lambda alert: alert.attempt)
    note = f"Sent as one message because they came faster than Slack takes them{oldest} · digest `{digest_id}`"
    blocks = [
        header(heading),
        *(section(_digest_line(alert)) for alert in shown),
        *([section(f"*And {unseen:,} more*, not listed here: the queue below has them.")] if unseen else []),
        section("*Next:* see what waits, most urgent first\n" + command("GET", api_url, "/queue?limit=50")),
        context(note + _repeat_note(latest)),
    ]
    fallback = f"{heading}{oldest}. First: {_short_subject(shown[0])}"
    return payload(fallback + _may_repeat(latest, f"digest {digest_id}"), blocks)


def _worst_first(alert: Alert) -> tuple[bool, float, str]:
    return alert.kind != "incident", -(alert.urgency_score or 0.0), alert.created_at


def _digest_line(alert: Alert) -> str:
    bold = f"Incident, {tickets(alert.count)}" if alert.kind == "incident" else how_bad(alert)
    which = alert.incident_id if alert.kind == "incident" else alert.ticket_id
    return (
        f"*{bold}* · {name(alert.category)} · {_short_subject(alert)}\n"
        f"{for_code(which or '', ID_CHARS // 2)}, since {since(alert.created_at)}"
    )


def _digest_id(alerts: Sequence[Alert]) -> str:
    ids = "\n".join(sorted(alert.alert_id for alert in alerts))
    return hashlib.sha256(ids.encode(errors="backslashreplace")).hexdigest()[:12]


def _subject(alert: Alert) -> str:
    return customer_line(alert.subject) or "(no subject)"


def _short_subject(alert: Alert) -> str:
    return for_mrkdwn(_subject(alert), SUBJECT_CHARS)


def _excerpt(text: str) -> list[Block]:
    lines = customer_lines(text)
    shown = lines[:EXCERPT_LINES] + (["…"] if len(lines) > EXCERPT_LINES else [])
    return [words("\n".join(shown), EXCERPT_CHARS)] if shown else []


def _why(reasons: Sequence[str]) -> list[Block]:
    lines = [line for reason in reasons if (line := customer_line(reason))]
    shown = [f"• {for_mrkdwn(line, REASON_CHARS)}" for line in lines[:REASONS_SHOWN]]
    return [section("\n".join(["*Why:*", *shown]))] if shown else []


def _repeat_note(alert: Alert) -> str:
    return f" · *may repeat* (attempt {alert.attempt}, same id as before)" if alert.attempt > 1 else ""


def _may_repeat(alert: Alert, which: str) -> str:
    """Slack answers with no message id, so a lost answer can post twice: the reader must be able to tell."""
    return f" (may repeat, attempt {alert.attempt}, {which})" if alert.attempt > 1 else ""
