"""Advice for tickets that wait: handed out once, most urgent first, and written only where the ticket stands as it was seen."""

from collections.abc import Awaitable, Callable

import pytest

from broker import Broker
from broker.advice import DRAFT, OPINION, Reading, Waiting
from broker.records import UrgencyLabel
from broker.scripts import Code
from tests.broker.desk_work import assert_balanced, pull, ready, token

BOTH = (OPINION, DRAFT)
TEMPLATE = {"draft_response": "Hello …", "draft_source": "template for General"}
READING = Reading(
    category="Legal",
    confidence=0.8,
    needs_review=False,
    reasons=("because", "A second model reads it as Legal"),
    engine="stub+nli",
    model_version="1, second opinion m",
)


async def doubtful(broker: Broker, urgency: float = 0.5, **changes: object) -> str:
    return await ready(
        broker, "General", urgency, wanted=BOTH, needs_review=True, confidence=0.4, **TEMPLATE, **changes
    )


async def one(broker: Broker, kind: str) -> Waiting:
    [waiting] = await broker.advice.take(kind, 1)
    return waiting


async def test_each_is_handed_out_once_most_urgent_first(broker: Broker) -> None:
    calm, urgent = await doubtful(broker, 0.1), await doubtful(broker, 0.9)
    await ready(broker, "General", 0.95)
    for kind in BOTH:
        assert [waiting.ticket.ticket_id for waiting in await broker.advice.take(kind, 5)] == [urgent, calm]
        assert await broker.advice.take(kind, 5) == []


async def test_what_no_longer_waits_is_passed_over(broker: Broker) -> None:
    for urgency in (0.9, 0.8):
        await doubtful(broker, urgency)
    last = await doubtful(broker, 0.2)
    for _ in range(2):
        await pull(broker)
    assert [waiting.ticket.ticket_id for waiting in await broker.advice.take(DRAFT, 1)] == [last]


async def test_a_draft_takes_the_template_s_place(broker: Broker) -> None:
    ticket_id = await doubtful(broker)
    assert await broker.advice.draft(await one(broker, DRAFT), "Dear Ann", "the model m") is Code.DONE
    ticket = await broker.listing.ticket(ticket_id)
    assert (ticket.draft_response, ticket.draft_source) == ("Dear Ann", "the model m")
    assert ticket.response is None, "a draft is never an answer"


async def test_a_second_opinion_moves_the_ticket_and_the_numbers(staffed: Broker) -> None:
    ticket_id = await doubtful(staffed)
    assert await staffed.advice.reread(await one(staffed, OPINION), READING) is Code.DONE
    ticket = await staffed.listing.ticket(ticket_id)
    assert (ticket.category, ticket.confidence, ticket.needs_review) == ("Legal", 0.8, False)
    assert (ticket.engine, ticket.model_version) == ("stub+nli", "1, second opinion m")
    assert ticket.assigned_agent == "Agent2" and ticket.reasons == READING.reasons
    assert ticket.urgency_score == 0.5 and ticket.draft_source == "template for General"
    stats = await staffed.stats.snapshot()
    assert stats.by_category == {"General": 0, "Legal": 1} and stats.alerts_waiting == 0
    assert (await pull(staffed)).ticket_id == ticket_id
    await assert_balanced(staffed)


async def test_another_template_is_wanted_a_draft_for_anew(broker: Broker) -> None:
    ticket_id = await doubtful(broker)
    before = await one(broker, DRAFT)
    anew = {"draft_response": "Hello", "draft_source": "template for Legal", "wanted": (DRAFT,)}
    reading = Reading("Legal", 0.8, False, ("said",), "e", "v", **anew)  # type: ignore[arg-type]
    assert await broker.advice.reread(await one(broker, OPINION), reading) is Code.DONE
    assert await broker.advice.draft(before, "About General", "m") is Code.WRONG_STATE
    after = await one(broker, DRAFT)
    assert (after.ticket.ticket_id, after.ticket.draft_source) == (ticket_id, "template for Legal")
    assert await broker.advice.draft(after, "About Legal", "m") is Code.DONE


async def pulled(broker: Broker, ticket_id: str) -> None:
    assert (await pull(broker)).ticket_id == ticket_id


async def resolved(broker: Broker, ticket_id: str) -> None:
    ticket = await pull(broker)
    await broker.desk.resolve(ticket_id, token(ticket), "Done")


async def relabelled(broker: Broker, ticket_id: str) -> None:
    await broker.desk.edit(ticket_id, category="Billing")


async def made_urgent(broker: Broker, ticket_id: str) -> None:
    await broker.desk.edit(ticket_id, urgency_label=UrgencyLabel.HIGH)


async def answered(broker: Broker, ticket_id: str) -> None:
    await broker.desk.edit(ticket_id, response="I am on it")


@pytest.mark.parametrize("meanwhile", [pulled, resolved, relabelled, made_urgent, answered])
async def test_what_a_person_has_touched_meanwhile_stays_as_it_is(
    broker: Broker, meanwhile: Callable[[Broker, str], Awaitable[None]]
) -> None:
    ticket_id = await doubtful(broker)
    seen, doubted = await one(broker, DRAFT), await one(broker, OPINION)
    await meanwhile(broker, ticket_id)
    before = await broker.listing.ticket(ticket_id)
    assert await broker.advice.draft(seen, "Dear Ann", "m") is Code.WRONG_STATE
    assert await broker.advice.reread(doubted, READING) is Code.WRONG_STATE
    assert await broker.listing.ticket(ticket_id) == before
    await assert_balanced(broker)
