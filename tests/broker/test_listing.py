import asyncio

import pytest

from broker import Broker, cursors
from broker.errors import NotFound
from broker.records import Status
from tests.broker.desk_work import outcome, pull, ready, submit, take


async def pages(broker: Broker, limit: int) -> list[str]:
    seen: list[str] = []
    cursor = None
    while True:
        page = await broker.listing.queue(limit, cursor)
        assert len(page.items) <= limit
        seen += [ticket.ticket_id for ticket in page.items]
        if page.cursor is None:
            return seen
        cursor = page.cursor


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
async def test_pages_join_to_the_whole_queue_in_order(broker: Broker, limit: int) -> None:
    low = await ready(broker, urgency=0.2)
    high = await ready(broker, urgency=0.9)
    equal = [await ready(broker, urgency=0.5) for _ in range(3)]
    assert (await pull(broker)).ticket_id == high
    working = await submit(broker, "in work")
    await take(broker, 1)
    waiting = [await submit(broker, f"{n}") for n in range(3)]
    assert await pages(broker, limit) == [high, *equal, low, working, *waiting]


async def test_many_of_the_same_priority_are_all_listed_once(broker: Broker) -> None:
    queue = broker.store.keys.name("queue")
    ids = [await submit(broker, f"{n}") for n in range(40)]
    for ticket_id in ids:
        await broker.store.command("ZADD", queue, 1.5, ticket_id)
    await broker.store.command("DEL", broker.store.keys.name("pending"))
    assert await pages(broker, 7) == sorted(ids)


async def test_an_empty_queue_is_one_empty_page(broker: Broker) -> None:
    page = await broker.listing.queue(10)
    assert (page.items, page.cursor) == ([], None)


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "!!!!", "é", cursors.encode("queue"), cursors.encode("keys", "1", "x"), cursors.encode("queue", "nan", "x"),
     cursors.encode("queue", 1.0, "x"),
     cursors.encode("queue", "one", "x"), "W1tb" * 5000],
)  # fmt: skip
async def test_a_bad_cursor_is_a_value_error(broker: Broker, cursor: str) -> None:
    with pytest.raises(ValueError):
        await broker.listing.queue(10, cursor)


async def test_waiting_ends_when_the_ticket_is_judged(broker: Broker) -> None:
    earlier = asyncio.create_task(broker.listing.wait_finished(await submit(broker), 20))
    await asyncio.sleep(0)
    batch = await take(broker)

    await batch.finish([(batch.tickets[0], outcome(), None)])
    assert (await asyncio.wait_for(earlier, 10)).status == Status.COMPLETED


async def test_waiting_gives_up_in_time(broker: Broker) -> None:
    ticket = await broker.listing.wait_finished(await submit(broker), 0.05)
    assert ticket.status == Status.PENDING


async def test_an_unknown_ticket_is_not_found(broker: Broker) -> None:
    with pytest.raises(NotFound):
        await broker.listing.ticket("nothing")
