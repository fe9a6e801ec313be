import asyncio

import pytest

from broker import Broker
from broker.errors import NotFound, StaleLease, WrongState
from broker.records import Status
from tests.broker.conftest import MakeBroker
from tests.broker.desk_work import Clock, assert_balanced, pull, ready, token


async def test_the_most_urgent_comes_first_and_of_equals_the_oldest(broker: Broker, clock: Clock) -> None:
    low = await ready(broker, urgency=0.1)
    clock.pass_s(60)
    old = await ready(broker, urgency=0.9)
    clock.pass_s(60)
    young = await ready(broker, urgency=0.9)
    assert [(await pull(broker)).ticket_id for _ in range(3)] == [old, young, low]
    assert await broker.desk.next() is None


async def test_waiting_long_outranks_a_little_urgency(broker: Broker, clock: Clock) -> None:
    old = await ready(broker, urgency=0.3)
    clock.pass_s(24 * 3600)
    await ready(broker, urgency=0.7)
    assert (await pull(broker)).ticket_id == old


async def test_fifty_pullers_get_fifty_different_tickets(make_broker: MakeBroker) -> None:
    brokers = [await make_broker(), await make_broker()]
    ids = [await ready(brokers[0], urgency=n / 50) for n in range(50)]
    pulled = await asyncio.gather(*(pull(brokers[n % 2]) for n in range(50)))
    assert sorted(ticket.ticket_id for ticket in pulled) == sorted(ids)
    assert len({token(ticket) for ticket in pulled}) == 50


async def test_a_lease_that_runs_out_brings_the_ticket_back_to_its_old_place(broker: Broker, clock: Clock) -> None:
    urgent = await ready(broker, urgency=0.9)
    await ready(broker, urgency=0.5)
    held = await pull(broker)
    assert held.ticket_id == urgent
    clock.pass_s(901)
    with pytest.raises(StaleLease):
        await broker.desk.resolve(urgent, token(held))
    assert (await broker.recovery.sweep()).unclaimed == 1
    again = await pull(broker)
    assert again.ticket_id == urgent and token(again) != token(held)
    with pytest.raises(StaleLease):
        await broker.desk.resolve(urgent, token(held))
    assert (await broker.listing.ticket(urgent)).status == Status.CLAIMED
    await assert_balanced(broker)


async def test_extending_keeps_it(broker: Broker, clock: Clock) -> None:
    await ready(broker)
    held = await pull(broker)
    clock.pass_s(800)
    extended = await broker.desk.extend(held.ticket_id, token(held))
    assert extended.lease is not None and held.lease is not None and extended.lease.expires_at > held.lease.expires_at
    clock.pass_s(800)
    assert (await broker.recovery.sweep()).unclaimed == 0


async def test_releasing_gives_it_to_the_next(broker: Broker) -> None:
    ticket_id = await ready(broker)
    held = await pull(broker)
    released = await broker.desk.release(ticket_id, token(held))
    assert released.status == Status.COMPLETED and released.lease is None
    assert (await pull(broker)).ticket_id == ticket_id
    with pytest.raises(StaleLease):
        await broker.desk.extend(ticket_id, token(held))


async def test_resolving_keeps_the_answer_and_happens_once(broker: Broker) -> None:
    ticket_id = await ready(broker)
    held = await pull(broker)
    done = await broker.desk.resolve(ticket_id, token(held), "All good now.")
    assert (done.status, done.response, done.lease) == (Status.RESOLVED, "All good now.", None)
    with pytest.raises(WrongState):
        await broker.desk.resolve(ticket_id, token(held))
    assert (await assert_balanced(broker))["resolved"] == 1


async def test_a_wrong_token_or_id_is_refused(broker: Broker) -> None:
    ticket_id = await ready(broker)
    with pytest.raises(StaleLease):
        await broker.desk.resolve(ticket_id, "guess")
    await pull(broker)
    with pytest.raises(StaleLease):
        await broker.desk.resolve(ticket_id, "guess")
    with pytest.raises(NotFound):
        await broker.desk.resolve("nothing", "guess")
    with pytest.raises(NotFound):
        await broker.desk.next("Nobody")


async def test_waiting_for_the_next_ticket_ends_when_one_is_ready(broker: Broker) -> None:
    waiting = asyncio.create_task(broker.desk.next(wait_s=20))
    await asyncio.sleep(0)
    ticket_id = await ready(broker)
    ticket = await asyncio.wait_for(waiting, 10)
    assert ticket is not None and ticket.ticket_id == ticket_id


async def test_a_puller_who_hangs_up_leaves_no_lease_behind(broker: Broker) -> None:
    ticket_id = await ready(broker)
    for _ in range(20):
        hanging_up = asyncio.create_task(broker.desk.next())
        await asyncio.sleep(0)
        hanging_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging_up
        assert (await assert_balanced(broker))["claimed"] == 0
    assert (await pull(broker)).ticket_id == ticket_id
