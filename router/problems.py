"""Every way to say no: one catalogue of kinds, one exception, one place where broker errors become problems.

A kind's `type` is "/problems/NAME", a stable name to program against; GET on it tells a person what it means.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from broker.errors import (
    BacklogFull,
    BrokerError,
    EmailTaken,
    KeyReused,
    NotFound,
    StaleLease,
    TicketExists,
    Unavailable,
    WrongState,
)

# Enough to mend a form in one go; a hostile body can have tens of thousands.
ERRORS_MAX = 20
# Field names come from the caller; an echo needs no more to be recognised.
ECHO_MAX_CHARS = 100


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    status: int
    title: str
    advice: str

    @property
    def type(self) -> str:
        return f"/problems/{self.name}"


CATALOGUE: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("invalid-json", 400, "The body is not valid JSON", "Mend the JSON at the line and column named."),
        Kind("unauthorized", 401, "A valid API key is needed", "Send 'Authorization: Bearer KEY' or 'X-API-Key: KEY'."),
        Kind("foreign-origin", 403, "Pages of other sites may not connect", "Open the console from this very address."),
        Kind("not-found", 404, "There is no such thing", "Check the id; finished tickets leave after the retention."),
        Kind("queue-empty", 404, "No ticket is ready", "Ask again later, or wait with ?wait=SECONDS."),
        Kind("method-not-allowed", 405, "This method is not allowed here", "The Allow header lists those that are."),
        Kind("request-timeout", 408, "The body took too long", "Send the whole body within the time named."),
        Kind("ticket-exists", 409, "This ticket_id is taken", "Another ticket has this id; choose another one."),
        Kind("email-taken", 409, "Another user has this email", "Find that user with GET /users?email=EMAIL."),
        Kind("stale-lease", 409, "The lease is not yours any more", "Nothing was changed. Pull the next ticket."),
        Kind("wrong-state", 409, "The ticket's status does not allow this", "Fetch the ticket and look at its status."),
        Kind("body-too-large", 413, "The body is too large", "Shorten the text, or raise MAX_BODY_BYTES."),
        Kind(
            "unsupported-media-type",
            415,
            "The body is not declared as what this call takes",
            "Send 'Content-Type: application/json', or application/x-ndjson to /tickets/bulk.",
        ),
        Kind("invalid-request", 422, "The request is not valid", "Each entry of 'errors' names a field and its fault."),
        Kind("key-reused", 422, "This Idempotency-Key came with another payload", "Use a new key for a new request."),
        Kind("too-many-requests", 429, "Too many requests", "Wait as long as the Retry-After header says."),
        Kind("internal-error", 500, "Something broke on our side", "Report the id; our log has the details under it."),
        Kind(
            "unavailable", 503, "The service can't answer right now", "Wait as the Retry-After header says, and retry."
        ),
        Kind(
            "backlog-full", 503, "Too many tickets wait to be judged", "Wait as the Retry-After header says, and retry."
        ),
    )
}

# Most specific first: BacklogFull is an Unavailable as well.
_BROKER_KINDS: tuple[tuple[type[BrokerError], str], ...] = (
    (BacklogFull, "backlog-full"),
    (Unavailable, "unavailable"),
    (TicketExists, "ticket-exists"),
    (KeyReused, "key-reused"),
    (EmailTaken, "email-taken"),
    (StaleLease, "stale-lease"),
    (WrongState, "wrong-state"),
    (NotFound, "not-found"),
)
# What in the request a refusal is about, where that is one thing.
_BROKER_FIELDS: tuple[tuple[type[BrokerError], str], ...] = ((KeyReused, "Idempotency-Key"), (EmailTaken, "email"))


class Problem(Exception):
    """Raised anywhere below dispatch; becomes the answer. `kind` is a name in CATALOGUE."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = CATALOGUE[kind]
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})
        self.id = id

    def members(self) -> dict[str, object]:
        """The problem's JSON."""
        members: dict[str, object] = {
            "type": self.kind.type,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
        }
        if self.errors:
            members["errors"] = [{"field": field, "message": message} for field, message in self.errors]
        if self.id is not None:
            members["id"] = self.id
        return members

    def response(self) -> Response:
        # Caching a refusal would repeat it after its cause is gone.
        headers = {"Cache-Control": "no-store"} | self.headers
        body = json.dumps(self.members()).encode()
        return Response(body, self.kind.status, headers, media_type="application/problem+json")


def invalid(errors: Sequence[tuple[str, str]]) -> Problem:
    """422 that names each field. `errors` is not empty."""
    shown = [(echo(field), message) for field, message in errors[:ERRORS_MAX]]
    field, message = shown[0]
    return Problem("invalid-request", f"{field}: {message}" if field else message, errors=shown)


def from_broker(error: BrokerError) -> Problem:
    """The one place where the broker's refusals get their HTTP form; its sentences are fit for users."""
    kind = next((name for error_type, name in _BROKER_KINDS if isinstance(error, error_type)), "internal-error")
    headers = {"Retry-After": str(max(1, error.retry_after_s))} if isinstance(error, Unavailable) else {}
    field = next((field for error_type, field in _BROKER_FIELDS if isinstance(error, error_type)), None)
    errors = [(field, str(error))] if field else []
    return Problem(kind, str(error) or CATALOGUE[kind].title, errors=errors, headers=headers)


def echo(text: str) -> str:
    """A caller's own word, short and safe to give back: no lone surrogates, no controls."""
    short = text if len(text) <= ECHO_MAX_CHARS else text[:ECHO_MAX_CHARS] + "..."
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short)
