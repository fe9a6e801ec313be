"""An alert goes through the outbox as plain JSON and comes back the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook import Alert

PLAIN: dict[str, Any] = {
    "alert_id": "al_1",
    "kind": "ticket",
    "ticket_id": "tk_1",
    "subject": "Checkout is down",
    "created_at": "2026-01-15T10:30:00Z",
}

alerts = st.builds(
    Alert,
    kind=st.just("ticket"),
    urgency_score=st.none() | st.floats(0, 1),
    sentiment_score=st.none() | st.floats(1, 10),
    reasons=st.lists(st.text(), max_size=3),
    count=st.integers(1, 10_000),
    attempt=st.integers(1, 100),
)


@given(alerts)
def test_an_alert_survives_the_outbox(alert: Alert) -> None:
    assert Alert.from_dict(json.loads(json.dumps(alert.to_dict()))) == alert


def test_what_is_optional_may_be_missing_and_what_is_unknown_is_ignored() -> None:
    alert = Alert.from_dict({**PLAIN, "written_by_a_later_version": [1]})
    assert (alert.count, alert.attempt, alert.reasons, alert.urgency_score) == (1, 1, (), None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"alert_id": None}, "alert_id"),
        ({"kind": "party"}, "kind"),
        ({"kind": "incident"}, "incident_id"),
        ({"subject": 7}, "subject"),
        ({"reasons": "one text"}, "reasons"),
        ({"reasons": [1]}, "reasons"),
        ({"urgency_score": "high"}, "urgency_score"),
        ({"urgency_score": True}, "urgency_score"),
        ({"count": 0}, "count"),
        ({"attempt": 1.5}, "attempt"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        Alert.from_dict({**PLAIN, **change})


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_broken_score_does_not_lose_the_alert(broken: float) -> None:
    assert Alert.from_dict({**PLAIN, "urgency_score": broken}).urgency_score is None
