"""An agent's desk: pull the next ticket under a lease, then answer it, give it back or keep it longer."""

import logging
import time
from functools import partial

from starlette.responses import Response

from broker.errors import BrokerError
from broker.records import Ticket
from router.handover import Handover
from router.hangup import HangUp, watched
from router.inputs import NextQuery, NoBody, NoPath, NoQuery, TicketPath
from router.operations import Call, Operation, Reply, json_reply
from router.outputs import TicketOut
from router.problems import Problem
from router.verb_inputs import LeaseIn, ResolveIn

logger = logging.getLogger(__name__)

# A pull can't be cancelled safely (Redis may have leased already), so a long poll is made of short ones: this is how late
# a hang-up or a stop of the server is noticed.
PULL_SLICE_S = 2.0

NextCall = Call[NoPath, NextQuery, NoBody]


async def next_ticket(call: Call[NoPath, NextQuery, NoBody]) -> Response:
    async with watched(call.receive) as hang_up:
        ticket = await _pull(call, hang_up)
    if ticket is not None:
        return Handover(json_reply(TicketOut.of(ticket, for_holder=True)), partial(_give_back, call, ticket))
    if call.query.wait:
        return Response(status_code=204, headers={"Cache-Control": "no-store"})
    raise Problem("queue-empty", "no ticket is ready")


async def _pull(call: NextCall, hang_up: HangUp) -> Ticket | None:
    closing = call.services.closing
    deadline = time.monotonic() + call.query.wait
    while True:
        left_s = max(0.0, deadline - time.monotonic())
        ticket = await call.broker.desk.next(call.query.agent, wait_s=min(left_s, PULL_SLICE_S))
        if ticket is not None or left_s <= PULL_SLICE_S or hang_up.gone.is_set() or closing.is_set():
            return ticket


async def _give_back(call: NextCall, ticket: Ticket) -> None:
    """The caller hung up before the answer: nobody knows the token, so the ticket would idle until the lease ends."""
    if ticket.lease is None:
        return
    try:
        await call.broker.desk.release(ticket.ticket_id, ticket.lease.token)
    except BrokerError as error:
        logger.warning("ticket %s of a caller who hung up waits for its lease to end: %s", ticket.ticket_id, error)


async def resolve(call: Call[TicketPath, NoQuery, ResolveIn]) -> Response:
    ticket = await call.broker.desk.resolve(call.path.ticket_id, call.body.lease_token, call.body.response)
    return json_reply(TicketOut.of(ticket))


async def release(call: Call[TicketPath, NoQuery, LeaseIn]) -> Response:
    return json_reply(TicketOut.of(await call.broker.desk.release(call.path.ticket_id, call.body.lease_token)))


async def extend(call: Call[TicketPath, NoQuery, LeaseIn]) -> Response:
    ticket = await call.broker.desk.extend(call.path.ticket_id, call.body.lease_token)
    return json_reply(TicketOut.of(ticket, for_holder=True))


_NEXT_REPLIES = (
    Reply(200, "Yours until `lease.expires_at`; every verb on it needs `lease.token`", TicketOut),
    Reply(204, "Nothing became ready within the time waited"),
)
_LEASE_PROBLEMS = ("not-found", "stale-lease", "wrong-state")

OPERATIONS = (
    Operation(
        "POST",
        "/tickets/next",
        next_ticket,
        "Lease the most urgent ready ticket",
        "desk",
        _NEXT_REPLIES,
        says="A lease, not a removal: whoever vanishes with a ticket loses it when the lease ends. Without `wait` 404 says "
        "that nothing is ready; with it 204 does. A caller who hangs up while waiting takes nothing.",
        problems=("queue-empty", "not-found"),
    ),
    Operation(
        "GET",
        "/tickets/next",
        next_ticket,
        "As POST, kept for compatibility",
        "desk",
        _NEXT_REPLIES,
        says="Prefer POST: caches and prefetchers believe that GET changes nothing. HEAD is refused, and so takes nothing.",
        problems=("queue-empty", "not-found"),
        head=False,
    ),
    Operation(
        "POST",
        "/tickets/{ticket_id}/resolve",
        resolve,
        "The ticket is answered",
        "desk",
        (Reply(200, "Resolved", TicketOut),),
        problems=_LEASE_PROBLEMS,
    ),
    Operation(
        "POST",
        "/tickets/{ticket_id}/release",
        release,
        "Give the ticket back to the queue",
        "desk",
        (Reply(200, "Back with its old priority", TicketOut),),
        problems=_LEASE_PROBLEMS,
    ),
    Operation(
        "POST",
        "/tickets/{ticket_id}/extend",
        extend,
        "Keep the ticket longer",
        "desk",
        (Reply(200, "Yours until the new `lease.expires_at`", TicketOut),),
        problems=_LEASE_PROBLEMS,
    ),
)
