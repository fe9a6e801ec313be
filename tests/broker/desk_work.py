"""Short ways to bring tickets into a state, for the broker's tests."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from broker import Broker
from broker.duplicates import Print
from broker.records import AiStatus, NewTicket, Ticket, UrgencyLabel
from broker.scripts import Code
from broker.work import Batch, Outcome, Taken

DEFAULTS = [
    ("Agent1", {"Technical": 0.9, "Billing": 0.1}, 5),
    ("Agent2", {"Billing": 0.8, "Legal": 0.2, "Technical": 0.2}, 4),
]


class Clock:
    """Unix microseconds that only the test moves."""

    def __init__(self) -> None:
        self.us = 1_800_000_000_000_000

    def __call__(self) -> int:
        self.us += 1  # time passes between any two calls, as it does
        return self.us

    def pass_s(self, seconds: float) -> None:
        self.us += int(seconds * 1_000_000)


def outcome(category: str = "Technical", urgency: float = 0.5, **changes: object) -> Outcome:
    values: dict[str, object] = {
        "category": category,
        "confidence": 0.9,
        "needs_review": False,
        "urgency_score": urgency,
        "urgency_label": UrgencyLabel.MEDIUM,
        "sentiment_score": 5.0,
        "reasons": ("because",),
        "summary": "a summary",
        "engine": "stub",
        "model_version": "1",
        "ai_status": AiStatus.DONE,
        "processing_ms": 1.0,
        "alert": False,
    }
    return Outcome(**{**values, **changes})  # type: ignore[arg-type]


async def submit(broker: Broker, subject: str = "hello", **fields: object) -> str:
    return (await broker.intake.submit(NewTicket(subject=subject, **fields))).ticket_id  # type: ignore[arg-type]


async def take(broker: Broker, most: int = 100) -> Batch:
    batch = await broker.work.take(most)
    assert batch is not None, "nothing to take"
    return batch


async def ready(broker: Broker, category: str = "Technical", urgency: float = 0.5, **changes: object) -> str:
    """One ticket, submitted and judged."""
    ticket_id = await submit(broker, f"{category} {urgency}")
    batch = await take(broker)
    assert [ticket.ticket_id for ticket in batch.tickets] == [ticket_id]
    assert await batch.finish([(batch.tickets[0], outcome(category, urgency, **changes), None)]) == [Code.DONE]
    return ticket_id


def vector(*numbers: float) -> NDArray[np.float32]:
    raw = np.array(numbers, np.float32)
    return raw / np.float32(np.linalg.norm(raw))


async def finish_grouped(
    broker: Broker, batch: Batch, tickets: Sequence[Taken], where: NDArray[np.float32]
) -> list[Code]:
    """Finishes tickets that all lie at the same place."""
    prints = [Print(ticket.ticket_id, ticket.created_us, "test", where, 0.9) for ticket in tickets]
    leaders = await broker.duplicates.enter(prints)
    return await batch.finish([(ticket, outcome(), leaders[ticket.ticket_id]) for ticket in tickets])


async def pull(broker: Broker, agent: str | None = None) -> Ticket:
    ticket = await broker.desk.next(agent)
    assert ticket is not None and ticket.lease is not None, "nothing to pull"
    return ticket


def token(ticket: Ticket) -> str:
    assert ticket.lease is not None
    return ticket.lease.token


async def assert_balanced(broker: Broker) -> dict[str, int]:
    stats = await broker.stats.snapshot()
    assert stats.balanced, stats.conservation
    return stats.conservation
