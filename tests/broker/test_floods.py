"""Differently worded reports of one cause, on a real Redis: who counts, who is folded, and that all workers agree."""

import asyncio

import numpy as np
from numpy.typing import NDArray

from broker import Broker
from broker.duplicates import Print
from broker.records import Status
from broker.work import Batch
from tests.broker.conftest import MakeBroker
from tests.broker.desk_work import Clock, assert_balanced, outcome, submit, take

# Where a report lies, and how doubtful it is.
Report = tuple[NDArray[np.float32], float]

CENTRE = np.zeros(32, np.float32)
CENTRE[0] = 1.0


def spread(number: int, *, apart: float = 1.0, doubt: float = 0.0) -> Report:
    """A report near CENTRE, each in a direction of its own: two of them have a cosine of 1 / (1 + apart²)."""
    place = CENTRE.copy()
    place[1 + number] = apart
    return place / np.linalg.norm(place), doubt


async def enter(broker: Broker, batch: Batch, wheres: list[Report]) -> dict[str, str]:
    return await broker.duplicates.enter(
        [
            Print(ticket.ticket_id, ticket.created_us, "test", where, 0.4, 0.6, doubt)
            for ticket, (where, doubt) in zip(batch.tickets, wheres, strict=True)
        ]
    )


async def handle(broker: Broker, where: Report) -> str:
    ticket_id = await submit(broker, "login broken")
    batch = await take(broker)
    leaders = await enter(broker, batch, [where])
    await batch.finish([(ticket, outcome(), leaders[ticket.ticket_id]) for ticket in batch.tickets])
    return ticket_id


async def status(broker: Broker, ticket_id: str) -> Status:
    return (await broker.listing.ticket(ticket_id)).status


async def test_reports_too_unlike_each_other_meet_in_the_mean(broker: Broker) -> None:
    stray = await handle(broker, spread(0, apart=1.0))
    first = await handle(broker, spread(1, apart=0.5))
    assert (await broker.store.command("HLEN", broker.store.keys.name("leaders"))) == 2
    others = [await handle(broker, spread(n, apart=0.5)) for n in range(2, 12)]
    assert await status(broker, others[-1]) == Status.MASTER_INCIDENT
    assert {await status(broker, one) for one in (stray, first, *others[:-2])} == {Status.COMPLETED}
    incident = await broker.incidents.get("INC-1")
    assert incident.members == [stray, first, *others], "whoever came too early to be known is one of them"
    assert incident.count == 12
    await assert_balanced(broker)


async def test_exactly_the_eleventh_with_a_stray_among_the_ten(broker: Broker) -> None:
    ids = [await handle(broker, spread(0, apart=1.0))]
    ids += [await handle(broker, spread(n, apart=0.5)) for n in range(1, 12)]
    statuses = [await status(broker, one) for one in ids]
    assert statuses == [Status.COMPLETED] * 10 + [Status.MASTER_INCIDENT] * 2


async def test_a_doubtful_report_counts_and_stays_with_the_agents(broker: Broker) -> None:
    ids = [await handle(broker, spread(n, apart=0.5)) for n in range(5)]
    doubtful = [await handle(broker, spread(n, apart=1.1, doubt=0.5)) for n in range(5, 10)]
    last = await handle(broker, spread(10, apart=0.5))
    assert await status(broker, last) == Status.MASTER_INCIDENT
    assert {await status(broker, one) for one in (*ids, *doubtful)} == {Status.COMPLETED}
    after = await handle(broker, spread(11, apart=1.1, doubt=0.5))
    assert await status(broker, after) == Status.COMPLETED
    incident = await broker.incidents.get("INC-1")
    assert incident.members == [*ids, last]
    await assert_balanced(broker)


async def test_a_group_merged_between_entering_and_finishing_is_still_found(broker: Broker) -> None:
    """The stray's own worker finishes it under the leader that it knew: itself."""
    stray = await submit(broker, "login broken")
    slow = await take(broker)
    leaders = await enter(broker, slow, [spread(0, apart=1.0)])
    assert leaders == {stray: stray}
    ids = [await handle(broker, spread(n, apart=0.5)) for n in range(1, 12)]
    await slow.finish([(ticket, outcome(), leaders[ticket.ticket_id]) for ticket in slow.tickets])
    assert await status(broker, stray) == Status.COMPLETED
    assert (await broker.incidents.get("INC-1")).members == [stray, *ids]
    await assert_balanced(broker)


async def test_entering_again_changes_nothing_whatever_the_group_has_become(broker: Broker, clock: Clock) -> None:
    ticket_id = await submit(broker, "login broken")
    await enter(broker, await take(broker), [spread(0, apart=1.0)])
    for n in range(1, 6):
        await handle(broker, spread(n, apart=0.5))
    leaders = broker.store.keys.name("leaders_order")
    before = await broker.store.command("ZRANGE", leaders, 0, -1, "WITHSCORES")
    clock.pass_s(31)
    await broker.recovery.sweep()
    batch = await take(broker)
    assert [ticket.ticket_id for ticket in batch.tickets] == [ticket_id]
    [leader] = (await enter(broker, batch, [spread(0, apart=1.0)])).values()
    assert leader != ticket_id
    assert await broker.store.command("ZRANGE", leaders, 0, -1, "WITHSCORES") == before
    assert await broker.store.command("ZCARD", broker.store.keys.name("group*", leader)) == 6


async def test_workers_that_interleave_build_the_same_groups(make_broker: MakeBroker) -> None:
    submitter = await make_broker()
    ids = [await submit(submitter, "login broken") for _ in range(24)]
    places = {one: spread(n, apart=0.5) for n, one in enumerate(ids)}
    workers = [await make_broker() for _ in range(3)]

    async def work(broker: Broker) -> None:
        while batch := await broker.work.take(2):
            leaders = await enter(broker, batch, [places[ticket.ticket_id] for ticket in batch.tickets])
            await batch.finish([(ticket, outcome(), leaders[ticket.ticket_id]) for ticket in batch.tickets])

    await asyncio.gather(*(work(broker) for broker in workers))
    [incident] = (await submitter.incidents.list(10)).items
    assert incident.count == 24
    assert [await status(submitter, one) for one in ids] == [Status.COMPLETED] * 10 + [Status.MASTER_INCIDENT] * 14
    await assert_balanced(submitter)


async def test_a_forgotten_group_leaves_nothing_behind(broker: Broker, clock: Clock) -> None:
    await handle(broker, spread(0, apart=1.0))
    for n in range(1, 5):
        await handle(broker, spread(n, apart=0.5))
    await handle(broker, spread(5, apart=0.8, doubt=0.5))
    clock.pass_s(601)
    elsewhere = np.zeros(32, np.float32)
    elsewhere[31] = -1
    other = await handle(broker, (elsewhere, 0.0))
    keys = broker.store.keys
    assert await broker.store.command("HKEYS", keys.name("leaders")) == [other]
    for name in ("leaders_order", "groups"):
        assert await broker.store.command("ZRANGE", keys.name(name), 0, -1) == [other]
    assert await broker.store.command("HLEN", keys.name("merged")) == 0
