"""What somebody on call is told, as plain values. A leaf module of types: it imports nothing of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["ticket", "incident"]


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
