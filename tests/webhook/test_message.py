"""What a person on call reads, and what Slack must take whatever a customer wrote."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.slack_rules import control_sequences, problem, texts
from webhook import Alert, digest_message, incident_message, ticket_message
from webhook.message import DIGEST_LINES

TICKET = Alert(
    alert_id="al_7",
    kind="ticket",
    ticket_id="tk_42",
    subject="Checkout is down <!channel>",
    excerpt="Nobody can pay.\n\nCall me: +49 30 1234567, card 4111 1111 1111 1111",
    category="Technical",
    urgency_score=0.934,
    urgency_label="high",
    sentiment_score=2.0,
    reasons=["Says that production is down", "Many customers are affected"],
    assigned_agent="Agent1",
    engine="minilm",
    created_at="2026-01-15T10:30:00Z",
)
INCIDENT = replace(TICKET, kind="incident", incident_id="inc_3", count=1_214)

anything = st.text(st.characters(exclude_categories=()), max_size=400)
hostile = st.text(st.sampled_from("<>&*_~`!@#|:\n\u202e\u200b'\"$ a😀%"), max_size=4_000)
some_text = anything | hostile | st.just("<!channel>" * 2_000) | st.just("&" * 20_000)
maybe_text = st.none() | some_text
alerts = st.builds(
    Alert,
    alert_id=some_text,
    kind=st.sampled_from(["ticket", "incident"]),
    ticket_id=some_text,
    subject=some_text,
    created_at=some_text | st.just("2026-01-15T10:30:00Z") | st.just("0001-01-01T00:00:00+14:00"),
    excerpt=some_text,
    category=maybe_text,
    urgency_score=st.none() | st.floats(0, 1),
    urgency_label=maybe_text,
    sentiment_score=st.none() | st.floats(1, 10),
    reasons=st.lists(some_text, max_size=8),
    assigned_agent=maybe_text,
    engine=maybe_text,
    incident_id=st.text(min_size=1, max_size=300),
    count=st.integers(1, 10**9),
    attempt=st.integers(1, 10**6),
)


def all_text(message: dict[str, Any]) -> str:
    return "\n".join(texts(message["blocks"]))


def test_a_ticket_answers_in_five_seconds() -> None:
    message: dict[str, Any] = ticket_message(TICKET, api_url="https://support.example/")
    told = all_text(message)
    assert told.startswith("HIGH 0.93 · Checkout is down")  # what, and how bad
    assert "*How bad:* high, S 0.93 of 1" in told
    assert "2026-01-15 10:30 UTC" in told  # since when
    assert "*Mood:* furious, 2 of 10" in told
    assert "• Says that production is down" in told  # why
    assert "curl -X POST 'https://support.example/tickets/next?agent=Agent1'" in told  # what to do
    assert "curl https://support.example/tickets/tk_42" in told
    assert "HIGH urgency (S 0.93): Checkout is down" in message["text"]
    assert problem(message) is None


def test_an_incident_says_how_many_and_how_to_settle_it() -> None:
    message: dict[str, Any] = incident_message(INCIDENT)
    told = all_text(message)
    assert told.startswith("INCIDENT · 1,214 similar tickets · Checkout is down")
    assert "/incidents/inc_3/acknowledge" in told
    assert "/incidents/inc_3/resolve" in told
    assert "1,214 similar tickets" in message["text"]
    assert problem(message) is None


def test_an_incident_message_needs_an_incident() -> None:
    with pytest.raises(ValueError, match="incident"):
        incident_message(TICKET)


@pytest.mark.parametrize("message", [ticket_message(TICKET), incident_message(INCIDENT), digest_message([TICKET], 0)])
def test_private_numbers_are_masked_and_nobody_is_pinged(message: dict[str, Any]) -> None:
    whole = json.dumps(message)
    assert "4111" not in whole
    assert "1234567" not in whole
    assert control_sequences(message) == []
    assert (message["unfurl_links"], message["unfurl_media"]) == (False, False)


def test_a_repeated_alert_says_so_with_its_id() -> None:
    again = replace(TICKET, attempt=3)
    message: dict[str, Any] = ticket_message(again)
    assert "may repeat" not in json.dumps(ticket_message(TICKET))
    assert "*may repeat* (attempt 3, same id as before)" in all_text(message)
    assert "`al_7`" in all_text(message)
    assert message["text"].endswith("(may repeat, attempt 3, alert al_7)")


def test_a_digest_shows_the_worst_first_and_counts_the_rest() -> None:
    many = [replace(TICKET, ticket_id=f"tk_{i}", urgency_score=i / 100) for i in range(50)]
    message: dict[str, Any] = digest_message([*many, INCIDENT], 1_000)
    told = all_text(message)
    assert told.startswith("1,051 urgent alerts, 1 is an incident")
    assert told.index("`inc_3`") < told.index("`tk_49`") < told.index("`tk_48`")
    assert f"*And {1_051 - DIGEST_LINES:,} more*" in told
    assert "/queue" in told
    assert problem(message) is None


def test_a_digest_sent_again_has_the_same_id_and_another_one_has_not() -> None:
    other = replace(TICKET, alert_id="al_8", attempt=2)

    def digest_id(*alerts: Alert) -> str:
        found = re.search(r"digest `(\w+)`", all_text(digest_message(alerts, 0)))
        assert found
        return found[1]

    assert digest_id(TICKET, other) == digest_id(other, TICKET) != digest_id(TICKET)
    assert "may repeat" in str(digest_message([TICKET, other], 0)["text"])


@pytest.mark.parametrize(("alerts", "omitted"), [([], 0), ([], 5), ([TICKET], -1)])
def test_an_empty_digest_is_refused(alerts: list[Alert], omitted: int) -> None:
    with pytest.raises(ValueError, match="digest"):
        digest_message(alerts, omitted)


@given(alerts)
@settings(max_examples=100, deadline=None)
def test_slack_takes_every_message_whatever_was_written(alert: Alert) -> None:
    made = [ticket_message(alert), digest_message([alert], 7)]
    if alert.kind == "incident":
        made.append(incident_message(alert))
    for message in made:
        assert problem(json.loads(json.dumps(message, ensure_ascii=False).encode("utf-8"))) is None
        assert control_sequences(message) == []


@given(alerts)
@settings(max_examples=25, deadline=None)
def test_the_longest_digest_fits(alert: Alert) -> None:
    assert problem(digest_message([alert] * 60, 10**9)) is None


def test_the_longest_possible_digest_fits() -> None:
    wide = "&" * 5_000
    alert = Alert(wide, "ticket", wide, wide, wide, wide, wide, 0.5, wide, 1.0, [wide] * 9, wide, wide)
    assert problem(digest_message([alert] * 60, 10**9)) is None
    assert problem(ticket_message(alert)) is None


@pytest.mark.parametrize("name", ["x'; rm -rf /; '", "`id`", "$(id)", "a b\nc", "../../stats", "é😀", "%" * 500])
def test_a_name_cannot_leave_the_command_it_stands_in(name: str) -> None:
    alert = replace(TICKET, ticket_id=name, assigned_agent=name)
    commands = re.findall(r"```curl (.*?)```", all_text(ticket_message(alert)), re.DOTALL)
    assert len(commands) == 2
    pattern = r"-X POST '[\w.:/~%?=-]*'|'?[\w.:/~%?=-]*'?"
    assert all(re.fullmatch(pattern, command, re.ASCII) for command in commands)
    assert all("../" not in command for command in commands)


def test_a_card_at_the_edge_of_a_very_long_text_does_not_leak_its_first_digits() -> None:
    for padding in range(5_940, 6_020):
        alert = replace(TICKET, excerpt="jo@example.com " * (padding // 15) + "4111 1111 1111 1111")
        assert "4111" not in json.dumps(ticket_message(alert))


def test_a_card_where_padding_of_invisible_characters_ends_the_text_does_not_leak() -> None:
    for padding in range(19_980, 20_001):
        alert = replace(TICKET, excerpt="\u200b" * padding + "4111 1111 1111 1111 " * 3)
        assert "4111" not in json.dumps(ticket_message(alert))


def test_an_unreadable_time_and_missing_scores_are_said_and_do_not_lose_the_alert() -> None:
    bare = Alert(alert_id="a", kind="ticket", ticket_id="t", subject=" \u200b", created_at="yesterday")
    told = all_text(ticket_message(bare))
    assert "UNKNOWN unknown · (no subject)" in told
    assert "*Waiting since:* yesterday" in told
    assert "*Assigned to:* nobody" in told
