"""Tickets come in, and tell how they stand."""

import re

from starlette.responses import Response

from broker.errors import Unavailable
from broker.records import NewTicket, Status, Ticket
from router.hangup import unless, watched
from router.inputs import NoBody, NoPath, NoQuery, PageQuery, TicketIn, TicketPath, WaitQuery
from router.operations import JSON_HEADERS, Call, HeaderIn, Operation, Prepared, Reply, json_reply
from router.outputs import AcceptedOut, TicketOut, TicketPage
from router.problems import invalid

IDEMPOTENCY_KEY = HeaderIn(
    "Idempotency-Key",
    "The same key replays the first answer, so that a retry after a lost reply makes no second ticket. Kept for 24 h.",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
)
_VISIBLE = re.compile(rb"[!-~]{1,255}")
REPLAYED = "Idempotency-Replayed"
_REPLAYED_HEADER = ((b"idempotency-replayed", b"true"),)
_UNFINISHED = frozenset({Status.PENDING, Status.PROCESSING})


async def submit(call: Call[NoPath, WaitQuery, TicketIn]) -> Response:
    accepted = await call.broker.intake.submit(
        new_ticket(call.body), idempotency_key=_idempotency_key(call.headers.raw)
    )
    if call.query.wait:
        finished = await _finished(call, accepted.ticket_id)
        if finished is not None:
            return json_reply(TicketOut.of(finished), 200, {REPLAYED: "true"} if accepted.replayed else None)
    return _accepted(accepted.ticket_id, replayed=accepted.replayed)


def new_ticket(sent: TicketIn) -> NewTicket:
    return NewTicket(
        subject=sent.subject,
        body=sent.body,
        description=sent.description,
        ticket_id=sent.ticket_id,
        requester=sent.requester,
        metadata=sent.metadata,
    )


def _idempotency_key(headers: list[tuple[bytes, bytes]]) -> str | None:
    found: bytes | None = None
    for name, value in headers:
        if name == b"idempotency-key":
            if found is not None:
                raise invalid([("Idempotency-Key", "given twice")])
            found = value
    if found is None:
        return None
    if not _VISIBLE.fullmatch(found):
        raise invalid([("Idempotency-Key", "must be 1 to 255 visible ASCII characters")])
    return found.decode("ascii")


async def _finished(call: Call[NoPath, WaitQuery, TicketIn], ticket_id: str) -> Ticket | None:
    """The ticket if it is judged in time; None too when Redis went away meanwhile, since the ticket is in nevertheless."""
    async with watched(call.receive) as hang_up:
        try:
            waiting = call.broker.listing.wait_finished(ticket_id, call.query.wait)
            ticket = await unless(waiting, hang_up.gone, call.services.closing)
        except Unavailable:
            return None
    return ticket if ticket is not None and ticket.status not in _UNFINISHED else None


def _accepted(ticket_id: str, *, replayed: bool) -> Response:
    """Put together by hand: the id's alphabet needs no escaping, and this is the answer sent most."""
    url = f"/tickets/{ticket_id}/status"
    body = f'{{"ticket_id":"{ticket_id}","status":"accepted","status_url":"{url}"}}'
    replayed_headers = _REPLAYED_HEADER if replayed else ()
    return Prepared(202, body.encode(), [*JSON_HEADERS, (b"location", url.encode()), *replayed_headers])


async def show(call: Call[TicketPath, NoQuery, NoBody]) -> Response:
    return json_reply(TicketOut.of(await call.broker.listing.ticket(call.path.ticket_id)))


async def queue(call: Call[NoPath, PageQuery, NoBody]) -> Response:
    try:
        page = await call.broker.listing.queue(call.query.limit, call.query.cursor)
    except ValueError:
        raise invalid([("cursor", "not one of ours, or of another listing")]) from None
    return json_reply(TicketPage.model_construct(items=[TicketOut.of(item) for item in page.items], cursor=page.cursor))


_REPLAY = {REPLAYED: "true when an earlier request had made this ticket already"}

OPERATIONS = (
    Operation(
        "POST",
        "/tickets",
        submit,
        "Hand in a ticket",
        "tickets",
        (
            Reply(202, "Stored, and will be judged", AcceptedOut, headers={"Location": "where to look", **_REPLAY}),
            Reply(200, "Judged within the time waited", TicketOut, headers=_REPLAY),
        ),
        says="What got a 202 is not lost. With `wait` the answer is the judged ticket if that is done in time.",
        problems=("ticket-exists", "key-reused", "backlog-full"),
        headers=(IDEMPOTENCY_KEY,),
    ),
    Operation(
        "GET",
        "/queue",
        queue,
        "What waits and what is in work",
        "queue",
        (Reply(200, "Most urgent first, then what is not judged yet", TicketPage),),
    ),
    *(
        Operation(
            "GET",
            route,
            show,
            "The ticket as it stands",
            "tickets",
            (Reply(200, "The ticket; a lease shows its end only, never its token", TicketOut),),
            problems=("not-found",),
        )
        for route in ("/tickets/{ticket_id}/status", "/tickets/{ticket_id}")
    ),
)
