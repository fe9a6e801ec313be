"""Drafts by a model, for tickets that wait with nothing but a template."""

from broker import Broker
from broker.advice import DRAFT
from broker.scripts import Code
from ml.drafting import DraftOrder
from ml.guarded import GuardedModel
from ml.verdict import TicketText
from worker.drafts import by_model, is_template

# Each takes seconds, and the queue's head may have moved on: looked at anew after so many.
MOST_PER_LOOK = 4


async def write_drafts(broker: Broker, writer: GuardedModel[DraftOrder, str]) -> int:
    """Writes a few, one after the other, if the model is there; returns how many are on their tickets now. Raises Unavailable."""
    written = 0
    for _ in range(MOST_PER_LOOK):
        # Taken only when the model is free for it: what waits here would be in nobody's queue.
        if writer.closed_door() is not None:
            break
        taken = await broker.advice.take(DRAFT, 1)
        if not taken:
            break
        ticket = taken[0].ticket
        if ticket.response or not is_template(ticket.draft_source):
            continue
        text = TicketText(ticket.subject, ticket.body, ticket.description)
        asked = await writer.judge([DraftOrder(text, ticket.category or "")])
        draft = asked.verdicts.get(0, "")
        version = writer.engine.version if writer.engine else ""
        if draft and await broker.advice.draft(taken[0], draft, by_model(version)) is Code.DONE:
            written += 1
    return written
