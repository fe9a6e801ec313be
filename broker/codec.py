"""Between the hash in Redis and the `Ticket` of the house. Pure."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from broker.records import AiStatus, Lease, NewTicket, Status, Ticket, UrgencyLabel

# Made once: json.dumps makes an encoder for every call that wants other than the defaults.
_SORTED = json.JSONEncoder(sort_keys=True)
_COMPACT = json.JSONEncoder(separators=(",", ":"))


def moment(ms: float) -> datetime:
    """Unix milliseconds as aware UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def digest(ticket: NewTicket) -> str:
    """128 bits over what was sent, so that the same payload can be told from another under the same key."""
    parts = (
        ticket.ticket_id or "",
        ticket.subject,
        ticket.body,
        ticket.description,
        ticket.requester or "",
        _SORTED.encode(dict(ticket.metadata)) if ticket.metadata else "",
    )
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    said = "".join([f"{len(part)}:{part}" for part in parts])
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def to_fields(ticket: NewTicket) -> list[str]:
    """The submitted part of the record as name, value, ...; blank parts are left out."""
    words: list[str] = []
    if ticket.subject:
        words += ("subject", ticket.subject)
    if ticket.body:
        words += ("body", ticket.body)
    if ticket.description:
        words += ("description", ticket.description)
    if ticket.requester:
        words += ("requester", ticket.requester)
    if ticket.metadata:
        words += ("metadata", _COMPACT.encode(dict(ticket.metadata)))
    return words


def _number(record: Mapping[str, str], name: str) -> float | None:
    return float(record[name]) if name in record else None


def to_ticket(record: Mapping[str, str]) -> Ticket:
    """Raises KeyError or ValueError if the record is not one of ours."""
    status = Status(record["status"])
    created_ms = int(record["created_us"]) / 1000
    lease = None
    if "lease_token" in record and "lease_ms" in record:
        lease = Lease(record["lease_token"], moment(int(record["lease_ms"])))
    needs_review = record.get("needs_review")
    return Ticket(
        ticket_id=record["ticket_id"],
        status=status,
        created_at=moment(created_ms),
        updated_at=moment(int(record.get("updated_ms", created_ms))),
        attempts=int(record.get("attempts", 0)),
        subject=record.get("subject", ""),
        body=record.get("body", ""),
        description=record.get("description", ""),
        requester=record.get("requester"),
        metadata=json.loads(record.get("metadata", "{}")),
        category=record.get("category"),
        confidence=_number(record, "confidence"),
        needs_review=None if needs_review is None else needs_review == "1",
        urgency_score=_number(record, "urgency_score"),
        urgency_label=UrgencyLabel(record["urgency_label"]) if "urgency_label" in record else None,
        sentiment_score=_number(record, "sentiment_score"),
        reasons=tuple(json.loads(record.get("reasons", "[]"))),
        routing_reason=record.get("routing_reason"),
        engine=record.get("engine"),
        model_version=record.get("model_version"),
        ai_status=AiStatus(record.get("ai_status", AiStatus.PENDING)),
        processing_ms=_number(record, "processing_ms"),
        assigned_agent=record.get("assigned_agent"),
        incident_id=record.get("incident_id"),
        lease=lease if status in (Status.CLAIMED, Status.PROCESSING) else None,
        summary=record.get("summary"),
        draft_response=record.get("draft_response") or None,
        draft_source=record.get("draft_source") or None,
        response=record.get("response"),
        error=record.get("error"),
    )
