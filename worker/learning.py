"""Learning from what agents did: corrected and resolved tickets are read by the model once more, and kept as examples.

A correction is a person's word on the category. A ticket that was resolved as it was judged is a weak agreement: it counts as much, since
corrections alone are all tickets that the model got wrong, and whoever learns from those alone unlearns what was right.
"""

from broker import Broker
from broker.records import Ticket
from ml.judge import Judge
from ml.verdict import TicketText, Verdict

# A small bite at a time: fresh tickets share the same model and come first. A correction is waited for, the rest is not.
MOST_CORRECTIONS_PER_LOOK = 32
MOST_PER_LOOK = 8


async def learn(broker: Broker, judge: Judge) -> int:
    """Reads a few tickets if the model is there, and brings the own copy of answers up to date. Raises Unavailable."""
    status = judge.status()
    learned = 0
    if status.model == "ready" and status.breaker == "closed":
        corrected = await broker.examples.due(MOST_CORRECTIONS_PER_LOOK)
        resolved = await broker.answers.to_learn(MOST_PER_LOOK)
        if corrected or resolved:
            texts = [TicketText(ticket.subject, ticket.body, ticket.description) for ticket in (*corrected, *resolved)]
            judgement = await judge.judge(texts)
            for place, (ticket, verdict) in enumerate(zip((*corrected, *resolved), judgement.verdicts, strict=True)):
                # What keywords saw in the models' place is nothing to learn from; a correction stays due until the models look.
                if place in judgement.stood_in:
                    continue
                due = place < len(corrected)
                learned += await _keep(broker, ticket, verdict, due=due)
    await broker.answers.refresh()
    return learned


async def _keep(broker: Broker, ticket: Ticket, verdict: Verdict, *, due: bool) -> int:
    """Returns how many things were learned of it."""
    evidence, mark = verdict.evidence, verdict.fingerprint
    learned = 0
    if evidence is not None:
        await broker.examples.keep(ticket.ticket_id, evidence.space, evidence.chances, evidence.vector, due=due)
        learned += 1
    elif due:  # an engine that learns nothing, or no word to learn from
        await broker.examples.pass_over(ticket.ticket_id)
    if not due and mark is not None and ticket.response:
        await broker.answers.learn(ticket.ticket_id, mark.space, mark.vector, ticket.response)
        learned += 1
    return learned
