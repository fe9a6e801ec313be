"""What a caller gets: the models that write the JSON and that the OpenAPI document is made from.

`of` turns the broker's record into its public form. Times are aware UTC and come out as RFC 3339 with Z.
"""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from broker.incidents import Incident, IncidentStatus
from broker.records import AiStatus, Lease, Status, Ticket, UrgencyLabel
from broker.statistics import Stats


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AcceptedOut(Answer):
    """The ticket is stored and will be judged."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"ticket_id": "web-1042", "status": "accepted", "status_url": "/tickets/web-1042/status"}]
        }
    )

    ticket_id: str
    status: Literal["accepted"]
    status_url: str


class LeaseOut(Answer):
    """For the holder alone: in the answers of next and extend. The token is the proof that every verb asks for."""

    token: str
    expires_at: datetime


class LeaseEnd(Answer):
    """The lease as everybody else sees it: until when, but not the token."""

    expires_at: datetime


class TicketOut(Answer):
    """A ticket as it stands. Fields that the models fill are null until then."""

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
    confidence: float | None = Field(description="0..1")
    needs_review: bool | None
    urgency_score: float | None = Field(description="S, 0..1")
    urgency_label: UrgencyLabel | None
    sentiment_score: float | None = Field(description="1 furious .. 10 delighted")
    reasons: tuple[str, ...]
    routing_reason: str | None
    engine: str | None
    model_version: str | None
    ai_status: AiStatus
    processing_ms: float | None
    assigned_agent: str | None
    incident_id: str | None
    lease: LeaseOut | LeaseEnd | None
    summary: str | None
    draft_response: str | None = Field(description="a suggested reply")
    draft_source: str | None = Field(description="where the suggestion comes from")
    response: str | None

    @classmethod
    def of(cls, ticket: Ticket, *, for_holder: bool = False) -> Self:
        """`for_holder`: show the lease's token. A dead ticket says among its reasons what it died of."""
        values = {name: getattr(ticket, name) for name in cls.model_fields}
        values["lease"] = _lease(ticket.lease, for_holder=for_holder)
        if ticket.status is Status.DEAD and ticket.error:
            values["reasons"] = (*ticket.reasons, f"Given up: {ticket.error}")
        # Not validated again: the broker's record has these very types, and a listing holds hundreds.
        return cls.model_construct(**values)


def _lease(lease: Lease | None, *, for_holder: bool) -> LeaseOut | LeaseEnd | None:
    if lease is None:
        return None
    if for_holder:
        return LeaseOut.model_construct(token=lease.token, expires_at=lease.expires_at)
    return LeaseEnd.model_construct(expires_at=lease.expires_at)


class TicketPage(Answer):
    items: list[TicketOut]
    cursor: str | None = Field(description="opens the next page; null on the last one")


class IncidentOut(Answer):
    """Near-duplicate tickets under one roof. `members`: up to 100 ids; `count` is all of them.

    `silenced_until`: no alert tells of it before.
    """

    incident_id: str
    status: IncidentStatus
    category: str | None
    summary: str | None
    count: int
    first_seen_at: datetime
    last_seen_at: datetime
    members: list[str]
    silenced_until: datetime | None

    @classmethod
    def of(cls, incident: Incident) -> Self:
        return cls.model_construct(**{name: getattr(incident, name) for name in cls.model_fields})


class IncidentPage(Answer):
    items: list[IncidentOut]
    cursor: str | None = Field(description="opens the next page; null on the last one")


class StatsOut(Answer):
    """One atomic snapshot. `by_agent` is their load. `conservation` names every term of accepted = pending + ... + expired."""

    by_status: dict[str, int]
    by_category: dict[str, int]
    by_agent: dict[str, int]
    by_engine: dict[str, int]
    by_hour: dict[str, int]
    resolved_by: dict[str, int]
    unassigned: dict[str, int]
    latency_ms: dict[str, float] = Field(description="p50, p95, p99 from accepted to ready; empty before the first")
    incidents: int
    alerts_waiting: int
    conservation: dict[str, int]
    balanced: bool

    @classmethod
    def of(cls, stats: Stats) -> Self:
        return cls.model_construct(**{name: getattr(stats, name) for name in cls.model_fields})


class HealthOut(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: Literal["ok"]


class FieldError(Answer):
    field: str = Field(description="where: a field, a header, a query or path parameter")
    message: str


class ProblemOut(BaseModel):
    """RFC 9457."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/invalid-request",
                    "title": "The request is not valid",
                    "status": 422,
                    "detail": "subject: holds a control character (U+0000) at position 3",
                    "errors": [{"field": "subject", "message": "holds a control character (U+0000) at position 3"}],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] | None = Field(None, description="each thing that was wrong")
    id: str | None = Field(None, description="of a 500: the same id stands in our log")
