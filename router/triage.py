"""What agents do to a ticket besides answering it: correct the router, pass it on, put it aside, take it up again."""

from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from router.inputs import NoBody, NoQuery, TicketPath
from router.operations import Call, Operation, Reply, json_reply
from router.outputs import TicketOut
from router.problems import invalid
from router.verb_inputs import ASIDE_MAX_S, EditIn, SkipIn, SnoozeIn


async def edit(call: Call[TicketPath, NoQuery, EditIn]) -> Response:
    sent = call.body
    ticket = await call.broker.desk.edit(
        call.path.ticket_id,
        token=sent.lease_token,
        category=sent.category,
        urgency_score=sent.urgency_score,
        urgency_label=sent.urgency_label,
        response=sent.response,
    )
    return json_reply(TicketOut.of(ticket))


async def skip(call: Call[TicketPath, NoQuery, SkipIn]) -> Response:
    ticket = await call.broker.desk.skip(call.path.ticket_id, call.body.lease_token, call.body.reason)
    return json_reply(TicketOut.of(ticket))


async def snooze(call: Call[TicketPath, NoQuery, SnoozeIn]) -> Response:
    # Redis's clock, which wakes the ticket as well: one of ours that is off must not wake it early.
    now = datetime.fromtimestamp(await call.broker.store.now_ms() / 1000, UTC)
    until = wake_at(call.body, now)
    return json_reply(TicketOut.of(await call.broker.desk.snooze(call.path.ticket_id, call.body.lease_token, until)))


def wake_at(sent: SnoozeIn, now: datetime) -> datetime:
    """When a snoozed ticket comes back, in UTC. Raises Problem (422) unless that is ahead and near enough."""
    if sent.until is None:
        return now + timedelta(seconds=sent.seconds or 0)
    if sent.until <= now:
        raise invalid([("until", "must be in the future")])
    if sent.until > now + timedelta(seconds=ASIDE_MAX_S):
        raise invalid([("until", f"must be within {ASIDE_MAX_S // 86_400} days")])
    return sent.until.astimezone(UTC)


async def reopen(call: Call[TicketPath, NoQuery, NoBody]) -> Response:
    return json_reply(TicketOut.of(await call.broker.desk.reopen(call.path.ticket_id)))


async def redrive(call: Call[TicketPath, NoQuery, NoBody]) -> Response:
    await call.broker.recovery.redrive(call.path.ticket_id)
    return json_reply(TicketOut.of(await call.broker.listing.ticket(call.path.ticket_id)))


_LEASE_PROBLEMS = ("not-found", "stale-lease", "wrong-state")

OPERATIONS = (
    Operation(
        "PATCH",
        "/tickets/{ticket_id}",
        edit,
        "Correct the router",
        "desk",
        (Reply(200, "The ticket, sorted in anew", TicketOut),),
        says="A corrected category is kept as an example to learn from. 409 while the ticket is still being judged, and "
        "while somebody else holds it.",
        problems=_LEASE_PROBLEMS,
    ),
    Operation(
        "POST",
        "/tickets/{ticket_id}/skip",
        skip,
        "Pass the ticket on",
        "desk",
        (Reply(200, "Back with its old priority, for others", TicketOut),),
        says="It is not offered again to the agent who skipped it.",
        problems=_LEASE_PROBLEMS,
    ),
    Operation(
        "POST",
        "/tickets/{ticket_id}/snooze",
        snooze,
        "Put the ticket aside for a while",
        "desk",
        (Reply(200, "Comes back by itself, with its old priority", TicketOut),),
        problems=_LEASE_PROBLEMS,
    ),
    Operation(
        "POST",
        "/tickets/{ticket_id}/reopen",
        reopen,
        "A resolved ticket was not done after all",
        "desk",
        (Reply(200, "Back in the queue with its old priority", TicketOut),),
        says="Needs no lease: nobody holds a resolved ticket.",
        problems=("not-found", "wrong-state"),
    ),
    Operation(
        "POST",
        "/tickets/{ticket_id}/redrive",
        redrive,
        "A ticket that was given up is tried again",
        "desk",
        (Reply(200, "Pending again, with no attempts counted", TicketOut),),
        says="Only `dead` tickets: those that could not be judged in MAX_ATTEMPTS attempts.",
        problems=("not-found", "wrong-state"),
    ),
)
