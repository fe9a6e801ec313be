"""Many tickets in one request, one a line: each stands or falls by itself."""

import asyncio
import io
import json

from starlette.responses import Response

from broker.errors import BrokerError, Unavailable
from broker.records import NewTicket
from router import strict_json
from router.bulk_outputs import BulkOut
from router.inputs import Lines, NoPath, NoQuery, TicketIn
from router.operations import JSON_HEADERS, Call, Operation, Prepared, Reply
from router.problems import Problem, from_broker, invalid
from router.tickets import new_ticket
from router.validation import validated

NDJSON = "application/x-ndjson"
# A helpdesk's export goes in by the page; more would hold the caller for longer than a proxy waits.
LINES_MAX = 1_000
# A thousand ordinary mails with room to spare.
BULK_MAX_BYTES = 4 * 1024 * 1024
# Validated in one go: some milliseconds at worst, after which other requests get their turn.
LINES_A_TURN = 50

# What stands at a line: a ticket to hand in, or why not.
Found = dict[int, NewTicket | Problem]


async def submit_many(call: Call[NoPath, NoQuery, Lines]) -> Response:
    found = await read(call.body.raw, call.services.config.max_body_bytes)
    tickets = {line: ticket for line, ticket in found.items() if isinstance(ticket, NewTicket)}
    answers = await call.broker.intake.submit_many([*tickets.values()])
    answered = dict(zip(tickets, answers, strict=True))
    _whole_refusal([*answered.values()])
    results: list[dict[str, object]] = []
    accepted = 0
    for line, standing in found.items():
        outcome = standing if isinstance(standing, Problem) else answered[line]
        if isinstance(outcome, BrokerError):
            outcome = from_broker(outcome)
        if isinstance(outcome, Problem):
            results.append({"line": line, "problem": outcome.members()})
        else:
            accepted += 1
            results.append({"line": line, "ticket_id": outcome.ticket_id, "status": "accepted"})
    body = {"accepted": accepted, "rejected": len(results) - accepted, "results": results}
    return Prepared(200, json.dumps(body).encode(), [*JSON_HEADERS])


async def read(raw: bytes, line_max_bytes: int) -> Found:
    """What each line holds that is not blank. Raises Problem (422) for too many of them: nothing is handed in then."""
    found: Found = {}
    for number, line in enumerate(io.BytesIO(raw), start=1):
        if number % LINES_A_TURN == 0:
            await asyncio.sleep(0)
        if not (text := line.strip()):
            continue
        if len(found) == LINES_MAX:
            raise invalid([("body", f"has more than {LINES_MAX} tickets; nothing was taken")])
        try:
            if len(text) > line_max_bytes:
                raise Problem("body-too-large", f"the line is longer than {line_max_bytes} bytes")
            found[number] = new_ticket(validated(TicketIn, strict_json.parse(text)))
        except Problem as problem:
            found[number] = problem
    if not found:
        raise invalid([("body", "holds no ticket: one JSON object a line")])
    return found


def _whole_refusal(answers: list[object]) -> None:
    """Raises what Redis said if it took nothing at all: a 503 tells a client to come again, a 200 full of problems does not."""
    if answers and all(isinstance(answer, Unavailable) for answer in answers):
        raise next(answer for answer in answers if isinstance(answer, Unavailable))


OPERATIONS = (
    Operation(
        "POST",
        "/tickets/bulk",
        submit_many,
        "Hand in many tickets",
        "tickets",
        (Reply(200, "Read: one result a line, in order", BulkOut),),
        says=f"NDJSON: one ticket a line as in POST /tickets, at most {LINES_MAX} of them and {BULK_MAX_BYTES // 1024**2} MiB in "
        "all. Blank lines are skipped, a bad line spoils only itself. Tickets with a `ticket_id` of yours make it safe to "
        "repeat the whole request.",
        problems=("backlog-full",),
        media_type=NDJSON,
        max_body_bytes=BULK_MAX_BYTES,
    ),
)
