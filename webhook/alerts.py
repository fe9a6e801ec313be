"""What somebody on call is told, as plain values. A leaf module of types: it imports nothing of ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal, cast

Kind = Literal["ticket", "incident"]
PlainValue = str | int | float | list[str] | None


@dataclass(frozen=True, slots=True)
class Alert:
    """One entry of the alert outbox.

    `alert_id` is stable over every attempt to deliver it. `created_at` is RFC 3339: when the ticket came in, or when
    the incident was first seen. `urgency_score` is S in 0..1, `sentiment_score` 1 (furious) .. 10 (delighted). `count`
    is the number of tickets behind it; `attempt` starts at 1. `excerpt` is shown to 600 characters: hand in more, or
    the whole text, so that masking sees numbers that a shorter cut would split. Raises ValueError naming the field
    that is wrong.
    """

    alert_id: str
    kind: Kind
    ticket_id: str
    subject: str
    created_at: str
    excerpt: str = ""
    category: str | None = None
    urgency_score: float | None = None
    urgency_label: str | None = None
    sentiment_score: float | None = None
    reasons: Sequence[str] = ()
    assigned_agent: str | None = None
    engine: str | None = None
    incident_id: str | None = None
    count: int = 1
    attempt: int = 1

    def __post_init__(self) -> None:
        if self.kind not in ("ticket", "incident"):
            raise ValueError(f"kind must be 'ticket' or 'incident', not {self.kind!r}")
        if self.kind == "incident" and not self.incident_id:
            raise ValueError("incident_id is required when kind is 'incident'")
        object.__setattr__(self, "reasons", tuple(self.reasons))

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> "Alert":
        """Reads what `to_dict` wrote. Unknown keys are ignored, so an older worker can read a newer one's entries.

        A score that is not a finite number becomes None: the alert still goes out, and says that the score is unknown.
        """
        return cls(
            alert_id=_text(values, "alert_id"),
            kind=cast(Kind, _text(values, "kind")),
            ticket_id=_text(values, "ticket_id"),
            subject=_text(values, "subject"),
            created_at=_text(values, "created_at"),
            excerpt=_optional_text(values, "excerpt") or "",
            category=_optional_text(values, "category"),
            urgency_score=_score(values, "urgency_score"),
            urgency_label=_optional_text(values, "urgency_label"),
            sentiment_score=_score(values, "sentiment_score"),
            reasons=_texts(values, "reasons"),
            assigned_agent=_optional_text(values, "assigned_agent"),
            engine=_optional_text(values, "engine"),
            incident_id=_optional_text(values, "incident_id"),
            count=_positive(values, "count"),
            attempt=_positive(values, "attempt"),
        )

    def to_dict(self) -> dict[str, PlainValue]:
        """Plain JSON values; `Alert.from_dict(alert.to_dict()) == alert`."""
        return {
            "alert_id": self.alert_id,
            "kind": self.kind,
            "ticket_id": self.ticket_id,
            "subject": self.subject,
            "created_at": self.created_at,
            "excerpt": self.excerpt,
            "category": self.category,
            "urgency_score": self.urgency_score,
            "urgency_label": self.urgency_label,
            "sentiment_score": self.sentiment_score,
            "reasons": list(self.reasons),
            "assigned_agent": self.assigned_agent,
            "engine": self.engine,
            "incident_id": self.incident_id,
            "count": self.count,
            "attempt": self.attempt,
        }


def _optional_text(values: Mapping[str, object], name: str) -> str | None:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} must be text, not {type(value).__name__}")
    return value


def _text(values: Mapping[str, object], name: str) -> str:
    value = _optional_text(values, name)
    if value is None:
        raise ValueError(f"{name} is required")
    return value


def _texts(values: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = values.get(name)
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} must be a list of texts")
    return tuple(value)


def _score(values: Mapping[str, object], name: str) -> float | None:
    value = values.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} must be a number, not {type(value).__name__}")
    return float(value) if isfinite(value) else None


def _positive(values: Mapping[str, object], name: str) -> int:
    value = values.get(name, 1)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number from 1 on")
    return value
