"""From tickets in hand to outcomes: the one place where a ticket meets the judge."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from broker.answers import Answers
from broker.duplicates import Print
from broker.work import Outcome, Taken
from ml.judge import Judge
from ml.verdict import Fingerprint, TicketText
from worker.drafts import SIMILAR_FROM, suggest
from worker.policy import NOTHING, Wanted, decide, wanting


@dataclass(frozen=True, slots=True)
class Judged:
    ticket: Taken
    outcome: Outcome
    fingerprint: Fingerprint | None

    @property
    def print(self) -> Print | None:
        """As the broker groups near-duplicates; None: too little text for that."""
        mark = self.fingerprint
        return printed(self.ticket.ticket_id, self.ticket.created_us, mark) if mark else None


def printed(ticket_id: str, accepted_us: int, mark: Fingerprint) -> Print:
    """A verdict's fingerprint in the broker's terms."""
    return Print(ticket_id, accepted_us, mark.space, mark.vector, mark.threshold, mark.lone, mark.doubt)


async def judge(
    judge: Judge, tickets: Sequence[Taken], answers: Answers, *, alert_above: float, wanted: Wanted = NOTHING
) -> list[Judged]:
    """One outcome a ticket, in order. `processing_ms` is the ticket's share of the batch's time; `wanted`: what may be added later."""
    texts = [TicketText(ticket.subject, ticket.body, ticket.description) for ticket in tickets]
    judgement = await judge.judge(texts)
    share_ms = judgement.elapsed_ms / max(1, len(tickets))
    judged = []
    for place, (ticket, verdict) in enumerate(zip(tickets, judgement.verdicts, strict=True)):
        outcome = decide(verdict, stood_in=place in judgement.stood_in, processing_ms=share_ms, alert_above=alert_above)
        mark = verdict.fingerprint
        precedent = answers.nearest(mark.space, mark.vector, SIMILAR_FROM) if mark else None
        text, source = suggest(outcome.category, outcome.summary, precedent)
        outcome = replace(outcome, draft_response=text, draft_source=source)
        kinds = wanting(outcome, wanted)
        judged.append(Judged(ticket, replace(outcome, wanted=kinds) if kinds else outcome, mark))
    return judged
