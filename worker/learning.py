"""Learning from what agents sent: resolved tickets get a fingerprint, so that their answers are found again."""

from broker import Broker
from ml.judge import Judge
from ml.verdict import TicketText

# A small bite at a time: fresh tickets share the same model and come first.
MOST_PER_LOOK = 8


async def learn(broker: Broker, judge: Judge) -> int:
    """Takes a few answered tickets if the model is there, and brings the own copy up to date. Raises Unavailable."""
    status = judge.status()
    learned = 0
    if status.model == "ready" and status.breaker == "closed":
        tickets = await broker.answers.to_learn(MOST_PER_LOOK)
        if tickets:
            texts = [TicketText(ticket.subject, ticket.body, ticket.description) for ticket in tickets]
            judgement = await judge.judge(texts)
            for place, (ticket, verdict) in enumerate(zip(tickets, judgement.verdicts, strict=True)):
                mark = verdict.fingerprint
                # Keywords' fingerprints live in a space of their own, which the models' tickets are not compared in.
                if mark is not None and place not in judgement.stood_in:
                    await broker.answers.learn(ticket.ticket_id, mark.space, mark.vector, ticket.response or "")
                    learned += 1
    await broker.answers.refresh()
    return learned
