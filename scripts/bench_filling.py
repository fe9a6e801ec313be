"""Tickets for measurements: unlike each other, so that none is anybody's near-duplicate."""

from rich.progress import track

from broker import Broker, BrokerSettings
from broker.records import AiStatus, NewTicket, UrgencyLabel
from broker.work import Outcome

# In one call, which shares round trips.
BATCH = 500
WORDS = (
    "invoice", "payment", "refund", "login", "password", "export", "report", "printer", "contract", "licence", "delivery",
    "account", "calendar", "signature", "customer", "holiday", "keyboard", "document", "meeting", "picture", "address",
    "booking", "receipt", "project", "monitor", "network", "storage", "parcel", "badge",
)  # fmt: skip

CATEGORIES = ("Billing", "Technical", "Legal", "Feature Request", "General")
LABELS = (UrgencyLabel.LOW, UrgencyLabel.MEDIUM, UrgencyLabel.HIGH)


def ticket(number: int) -> NewTicket:
    """A short mail. Its words depend on the number alone."""
    some = [WORDS[number * step % len(WORDS)] for step in (1, 3, 5, 7)]
    return NewTicket(
        subject=f"{some[0]} and {some[1]} {number}",
        body=" ".join([f"Our {some[2]} {number} does not fit the {some[3]} of last week."] * (1 + number % 4)),
        requester=f"r{number % 100}@example.com",
    )


async def fill(broker: Broker, count: int, first: int = 0) -> None:
    """Submits `count` tickets, with the default agents there to take them."""
    await broker.agents.seed(BrokerSettings(_env_file=None).agent_list())  # type: ignore[call-arg]
    for start in range(first, first + count, BATCH):
        numbers = range(start, min(first + count, start + BATCH))
        for answer in await broker.intake.submit_many([ticket(number) for number in numbers]):
            if isinstance(answer, Exception):
                raise answer


def outcome(number: int) -> Outcome:
    """Some verdict, as long as a real one."""
    return Outcome(
        category=CATEGORIES[number % 5], confidence=0.9, needs_review=number % 7 == 0, urgency_score=number % 100 / 100,
        urgency_label=LABELS[number % 3], sentiment_score=5,
        reasons=("Says 'does not fit'", "Reads like Billing: 'a charge that I do not understand'"),
        summary=f"Something does not fit, number {number}", engine="stub", model_version="1", ai_status=AiStatus.DONE,
        processing_ms=1, alert=False, draft_response="Hello,\n\nthank you for writing. [what happens next]\n\nKind regards",
        draft_source="template for Billing",
    )  # fmt: skip


async def fill_ready(broker: Broker, count: int) -> None:
    """Submits `count` tickets and judges them all, so that they wait for agents."""
    number = 0
    for start in track(range(0, count, BATCH), description=f"{count:,} tickets"):
        await fill(broker, min(BATCH, count - start), first=start)
        while (batch := await broker.work.take(BATCH, wait=False)) is not None:
            await batch.finish([(one, outcome(number + n), None) for n, one in enumerate(batch.tickets)])
            number += len(batch.tickets)
