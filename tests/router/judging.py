"""What a worker does to a ticket, in one call: through the broker's own verbs, with a verdict of the test's choice."""

from collections.abc import Mapping

import numpy as np

from broker import Broker
from broker.duplicates import Print
from broker.presence import WorkerReport
from broker.records import AiStatus, UrgencyLabel
from broker.work import Outcome


def outcome(category: str = "Technical", urgency: float = 0.5) -> Outcome:
    return Outcome(
        category=category,
        confidence=0.9,
        needs_review=False,
        urgency_score=urgency,
        urgency_label=UrgencyLabel.MEDIUM,
        sentiment_score=4.0,
        reasons=("says so",),
        summary="in short",
        engine="stub",
        model_version="1",
        ai_status=AiStatus.DONE,
        processing_ms=1.5,
        alert=False,
    )


async def judge_all(broker: Broker, *, urgency: float = 0.5, alike: bool = False, wait: bool = False) -> list[str]:
    """Judges everything that waits. `alike`: as near-duplicates of one another; `wait`: up to a second for one to come. Returns the ids."""
    batch = await broker.work.take(100, wait=wait)
    if batch is None:
        return []
    leaders: dict[str, str] = {}
    if alike:
        vector = np.full(4, 0.5, np.float32)
        leaders = await broker.duplicates.enter(
            [Print(ticket.ticket_id, ticket.created_us, "test", vector, 0.9) for ticket in batch.tickets]
        )
    await batch.finish([(ticket, outcome(urgency=urgency), leaders.get(ticket.ticket_id)) for ticket in batch.tickets])
    return [ticket.ticket_id for ticket in batch.tickets]


def report(
    worker_id: str = "w1",
    *,
    engine: str = "minilm",
    model: str = "ready",
    breaker: str = "closed",
    slack: str = "on",
    advisers: Mapping[str, Mapping[str, str]] | None = None,
) -> WorkerReport:
    return WorkerReport(
        worker_id=worker_id,
        engine=engine,
        model_version="1",
        model=model,
        model_pid=4242,
        breaker=breaker,
        breaker_reason=None if breaker == "closed" else "too slow",
        slack=slack,
        advisers=advisers or {},
    )
