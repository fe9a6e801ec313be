"""An alert that could not be told as what it says it is, is refused where it is made."""

import pytest

from webhook import Alert


@pytest.mark.parametrize(("change", "field"), [({"kind": "party"}, "kind"), ({"kind": "incident"}, "incident_id")])
def test_a_wrong_field_is_named(change: dict[str, str], field: str) -> None:
    values = {
        "alert_id": "al_1",
        "kind": "ticket",
        "ticket_id": "tk_1",
        "subject": "x",
        "created_at": "2026-01-15T10:30:00Z",
    }
    with pytest.raises(ValueError, match=field):
        Alert(**values | change)  # type: ignore[arg-type]


def test_reasons_are_kept_as_they_were_handed_in() -> None:
    reasons = ["one"]
    alert = Alert("al_1", "ticket", "tk_1", "x", "2026-01-15T10:30:00Z", reasons=reasons)
    reasons.append("two")
    assert alert.reasons == ("one",)
