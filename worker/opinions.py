"""A second model's look at tickets whose category the first one was unsure of, while they wait for an agent."""

from broker import Broker
from broker.advice import OPINION, Waiting
from ml.guarded import GuardedModel
from ml.opinion import Opinion
from ml.text import words
from ml.verdict import TicketText
from worker.policy import Wanted, reread

# Few seconds' work of a large model; what is in hand at a stop is not asked again.
MOST_PER_LOOK = 4


async def ask_again(broker: Broker, reader: GuardedModel[TicketText, Opinion], *, wanted: Wanted) -> int:
    """Asks about a few tickets if the model is there; returns how many it answered for. Raises Unavailable."""
    if reader.closed_door() is not None:
        return 0
    taken = await broker.advice.take(OPINION, MOST_PER_LOOK)
    # A person may have said meanwhile what it is; and where there is no word to read, a model can only guess.
    waiting = [one for one in taken if one.ticket.needs_review and words(_text(one).joined)]
    asked = await reader.judge([_text(one) for one in waiting])
    version = reader.engine.version if reader.engine else ""
    for place, opinion in asked.verdicts.items():
        reading = reread(waiting[place].ticket, opinion, version, wanted=wanted)
        if reading is not None:
            await broker.advice.reread(waiting[place], reading)
    return len(asked.verdicts)


def _text(waiting: Waiting) -> TicketText:
    ticket = waiting.ticket
    return TicketText(ticket.subject, ticket.body, ticket.description)
