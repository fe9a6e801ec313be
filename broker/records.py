"""The ticket, the agent and the lease as the rest of the house sees them. Imports nothing of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Status(StrEnum):
    """`pending -> processing -> completed -> claimed -> resolved`, and the four side roads."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    CLAIMED = "claimed"
    RESOLVED = "resolved"
    MASTER_INCIDENT = "master_incident"
    SNOOZED = "snoozed"
    DEAD = "dead"


class UrgencyLabel(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class AiStatus(StrEnum):
    PENDING = "pending"
    DONE = "done"
    FALLBACK = "fallback"


class Presence(StrEnum):
    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


@dataclass(slots=True)  # one a request, and a frozen one takes four times as long to make
class NewTicket:
    """What a customer sent, already validated. `ticket_id` None: the broker makes one (UUIDv7-like, sorts by time)."""

    subject: str = ""
    body: str = ""
    description: str = ""
    ticket_id: str | None = None
    requester: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)  # as above
class Accepted:
    """A ticket is in. `replayed`: it already was, under the same idempotency key or the same id and content."""

    ticket_id: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may act on a ticket, and until when. The token is the proof."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Ticket:
    """The record. Scores are None until judged; times are aware UTC."""

    ticket_id: str
    status: Status
    created_at: datetime
    updated_at: datetime
    attempts: int
    subject: str
    body: str
    description: str
    requester: str | None
    metadata: dict[str, object]
    category: str | None
    confidence: float | None
    needs_review: bool | None
    urgency_score: float | None
    urgency_label: UrgencyLabel | None
    sentiment_score: float | None
    reasons: tuple[str, ...]
    routing_reason: str | None
    engine: str | None
    model_version: str | None
    ai_status: AiStatus
    processing_ms: float | None
    assigned_agent: str | None
    incident_id: str | None
    lease: Lease | None
    summary: str | None
    draft_response: str | None
    draft_source: str | None
    response: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who answers tickets. `skills`: category to 0..1; `load`: tickets assigned and not yet resolved."""

    name: str
    skills: Mapping[str, float]
    capacity: int
    status: Presence = Presence.ONLINE
    load: int = 0
    last_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who writes tickets. The email is unique, whatever its case."""

    user_id: str
    name: str
    email: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing; `cursor` opens the next, None at the end."""

    items: list[T]
    cursor: str | None
