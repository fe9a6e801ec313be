import pytest

from broker import Broker, cursors
from broker.records import Agent, AiStatus
from tests.broker.desk_work import Clock, assert_balanced, outcome, pull, ready, submit, take, token


async def found(broker: Broker, limit: int = 100, **filters: str) -> list[str]:
    seen: list[str] = []
    cursor = None
    while True:
        page = await broker.listing.search(filters, limit, cursor)
        assert len(page.items) <= limit
        seen += [ticket.ticket_id for ticket in page.items]
        if page.cursor is None:
            return seen
        cursor = page.cursor


async def test_each_filter_finds_its_tickets_newest_first(broker: Broker) -> None:
    await broker.agents.put(Agent("Ann", {"Technical": 0.9}, 5))
    technical = await ready(broker, "Technical", urgency_label="high")
    legal = await ready(broker, "Legal", needs_review=True)
    pending = await submit(broker, "waits", requester="a@example.com")
    assert await found(broker) == [pending, legal, technical]
    assert await found(broker, status="completed") == [legal, technical]
    assert await found(broker, status="pending") == [pending]
    assert await found(broker, category="Legal") == [legal]
    assert await found(broker, urgency_label="high") == [technical]
    assert await found(broker, assigned_agent="Ann") == [legal, technical], "nobody else lists Legal"
    assert await found(broker, requester="a@example.com") == [pending]
    assert await found(broker, needs_review="1") == [legal]
    assert await found(broker, needs_review="0") == [pending, technical]
    assert await found(broker, status="completed", category="Technical", assigned_agent="Ann") == [technical]
    assert await found(broker, status="resolved") == []
    with pytest.raises(KeyError):
        await broker.listing.search({"body": "x"}, 10)


async def test_an_index_follows_the_ticket_through_its_life(broker: Broker) -> None:
    ticket_id = await ready(broker)
    held = await pull(broker)
    assert await found(broker, status="completed") == [] and await found(broker, status="claimed") == [ticket_id]
    await broker.desk.edit(ticket_id, token=token(held), category="Legal")
    assert await found(broker, category="Technical") == [] and await found(broker, category="Legal") == [ticket_id]
    await broker.desk.resolve(ticket_id, token(held))
    assert await found(broker, status="resolved", category="Legal") == [ticket_id]


@pytest.mark.parametrize("limit", [1, 3, 7, 10, 100])
async def test_pages_join_to_the_whole(broker: Broker, limit: int) -> None:
    ids = [await submit(broker, f"{n}", requester=f"r{n % 2}") for n in range(10)]
    assert await found(broker, limit) == ids[::-1]
    assert await found(broker, limit, requester="r1") == ids[1::2][::-1]
    assert await found(broker, limit, requester="r0", status="pending") == ids[0::2][::-1]
    assert await found(broker, limit, requester="r0", status="dead") == []


async def test_a_rare_combination_answers_in_bounded_steps(broker: Broker) -> None:
    for number in range(800):
        await submit(broker, f"{number}", requester="early" if number < 400 else "late")
    await take(broker, 400)
    page = await broker.listing.search({"status": "pending", "requester": "early"}, 10)
    assert page.items == [] and page.cursor is not None, "it stops after a few hundred and says where to go on"
    assert await found(broker, status="pending", requester="early") == []


@pytest.mark.parametrize("cursor", ["x", "", cursors.encode("1"), cursors.encode(1.0, "x"), cursors.encode("one", "x")])
async def test_a_bad_cursor_is_a_value_error(broker: Broker, cursor: str) -> None:
    with pytest.raises(ValueError):
        await broker.listing.search({}, 10, cursor)


async def test_editing_reorders_the_queue_and_reassigns(broker: Broker) -> None:
    await broker.agents.put(Agent("Ann", {"Technical": 0.9}, 5))
    await broker.agents.put(Agent("Lea", {"Legal": 0.9}, 5))
    first = await ready(broker, "Technical", 0.5, ai_status=AiStatus.FALLBACK)
    second = await ready(broker, "Technical", 0.4)
    ticket = await broker.desk.edit(second, category="Legal", urgency_score=0.95)
    assert (ticket.assigned_agent, ticket.urgency_score, ticket.category) == ("Lea", 0.95, "Legal")
    assert [t.ticket_id for t in (await broker.listing.queue(10)).items] == [second, first]
    assert (await broker.stats.snapshot()).by_category == {"Technical": 1, "Legal": 1}
    corrected = await broker.store.command("ZRANGE", broker.store.keys.name("corrections"), 0, -1)
    assert corrected == [second]
    await broker.desk.edit(first, urgency_score=0.1)
    assert await broker.work.degraded(10, pause_s=1) == [], "a person has looked; the models need not"
    await assert_balanced(broker)


async def test_what_waits_long_is_open_to_agents_without_the_skill(broker: Broker, clock: Clock) -> None:
    await broker.agents.put(Agent("Ann", {"Technical": 0.9}, 1))
    await broker.agents.put(Agent("Bob", {"Billing": 0.9}, 1))
    [held, waiting] = [await ready(broker, "Technical"), await ready(broker, "Technical")]
    assert (await broker.listing.ticket(held)).assigned_agent == "Ann"
    clock.pass_s(590)
    await broker.recovery.sweep()
    assert (await broker.listing.ticket(waiting)).assigned_agent is None
    clock.pass_s(20)
    assert (await broker.recovery.sweep()).filled == 1
    ticket = await broker.listing.ticket(waiting)
    assert ticket.assigned_agent == "Bob" and "waited too long" in (ticket.routing_reason or "")


async def test_second_judgement_moves_the_index(broker: Broker) -> None:
    ticket_id = await ready(broker, "General", ai_status=AiStatus.FALLBACK)
    taken = await broker.work.degraded(1, pause_s=1)
    await broker.work.rescore([(taken[0], outcome("Legal"))])
    assert await found(broker, category="General") == [] and await found(broker, category="Legal") == [ticket_id]
