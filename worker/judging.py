"""From tickets in hand to outcomes: the one place where a ticket meets the judge."""

from collections.abc import Sequence
from dataclasses import dataclass

from broker.work import Outcome, Taken
from ml.judge import Judge
from ml.verdict import Fingerprint, TicketText
from worker.policy import decide


@dataclass(frozen=True, slots=True)
class Judged:
    ticket: Taken
    outcome: Outcome
    fingerprint: Fingerprint | None


async def judge(judge: Judge, tickets: Sequence[Taken], *, alert_above: float) -> list[Judged]:
    """One outcome a ticket, in order. `processing_ms` is the ticket's share of the batch's time."""
    texts = [TicketText(ticket.subject, ticket.body, ticket.description) for ticket in tickets]
    judgement = await judge.judge(texts)
    share_ms = judgement.elapsed_ms / max(1, len(tickets))
    return [
        Judged(
            ticket,
            decide(verdict, stood_in=place in judgement.stood_in, processing_ms=share_ms, alert_above=alert_above),
            verdict.fingerprint,
        )
        for place, (ticket, verdict) in enumerate(zip(tickets, judgement.verdicts, strict=True))
    ]
