import asyncio
from collections.abc import AsyncIterator

import pytest

from broker import Broker, events
from broker.events import Event, Gone, TooFarBehind, order
from broker.records import Agent, Presence
from tests.broker.conftest import MakeBroker
from tests.broker.desk_work import pull, ready, submit, token


async def hear(news: AsyncIterator[Event], count: int) -> list[Event]:
    heard = []
    async with asyncio.timeout(10):
        async for event in news:
            heard.append(event)
            if len(heard) == count:
                return heard
    return heard


async def test_a_follower_hears_each_change_once_and_in_order(make_broker: MakeBroker) -> None:
    speaker, listener = await make_broker(), await make_broker()
    async with listener.events.follow() as news:
        ticket_id = await ready(speaker)
        held = await pull(speaker)
        await speaker.desk.resolve(ticket_id, token(held))
        heard = await hear(news, 5)
    assert [event["status"] for event in heard] == ["pending", "processing", "completed", "claimed", "resolved"]
    assert {event["ticket_id"] for event in heard} == {ticket_id}
    assert [order(event["event_id"]) for event in heard] == sorted(order(event["event_id"]) for event in heard)


async def test_what_was_missed_is_caught_up_with_and_nothing_twice(broker: Broker) -> None:
    first = await submit(broker, "first")
    seen = await broker.events.latest()
    missed = [await submit(broker, f"missed {n}") for n in range(5)]
    async with broker.events.follow(seen) as news:
        fresh = [await submit(broker, f"fresh {n}") for n in range(5)]
        heard = [event["ticket_id"] for event in await hear(news, 10)]
    assert heard == missed + fresh and first not in heard


async def test_too_long_ago_is_said(broker: Broker) -> None:
    for n in range(3):
        await submit(broker, f"{n}")
    seen = await broker.events.latest()
    await submit(broker, "later")
    await broker.store.command("XTRIM", broker.store.keys.name("news"), "MAXLEN", 0)
    await submit(broker, "and later")
    with pytest.raises(Gone):
        async with broker.events.follow(seen):
            pass
    with pytest.raises(ValueError):
        async with broker.events.follow("yesterday"):
            pass


async def test_a_follower_that_does_not_keep_up_is_told(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_BEHIND", 10)
    async with broker.events.follow() as news:
        for n in range(30):
            await submit(broker, f"{n}")
        with pytest.raises(TooFarBehind):
            await hear(news, 30)


async def test_what_is_said_while_the_connection_is_down_is_heard_after(make_broker: MakeBroker) -> None:
    speaker, listener = await make_broker(), await make_broker()
    async with listener.events.follow() as news:
        first = await submit(speaker, "before")
        assert [event["ticket_id"] for event in await hear(news, 1)] == [first]
        await speaker.store.command("CLIENT", "KILL", "TYPE", "pubsub")
        during = [await submit(speaker, f"during {n}") for n in range(5)]
        assert [event["ticket_id"] for event in await hear(news, 5)] == during


async def test_a_ticket_wakes_exactly_one_of_hundreds(broker: Broker) -> None:
    polls = [asyncio.create_task(broker.desk.next(wait_s=20)) for _ in range(300)]
    while len(broker.desk._line._polls) < 300:
        await asyncio.sleep(0.01)
    # Each has entered the line and then asks once; the last of them may still be asking.
    earlier = await commands(broker)
    await asyncio.sleep(0.05)
    while (calls_before := await commands(broker)) - earlier > OWN_CALLS:
        earlier = calls_before
        await asyncio.sleep(0.05)
    ticket_id = await ready(broker)
    done, waiting = await asyncio.wait(polls, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    assert len(done) == 1 and len(waiting) == 299
    ticket = done.pop().result()
    assert ticket is not None and ticket.ticket_id == ticket_id
    assert await commands(broker) - calls_before < 200, "the others did not even ask"
    for poll in waiting:
        poll.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


# Looking itself is a command, and the listener may say a ping meanwhile.
OWN_CALLS = 3


async def commands(broker: Broker) -> int:
    async with broker.store.guard():
        return int((await broker.store.redis.info("stats"))["total_commands_processed"])


async def test_the_agent_whose_desk_it_is_wakes_whatever_the_order(staffed: Broker) -> None:
    other = asyncio.create_task(staffed.desk.next("Agent2", wait_s=20))
    await asyncio.sleep(0)
    own = asyncio.create_task(staffed.desk.next("Agent1", wait_s=20))
    while len(staffed.desk._line._polls) < 2:
        await asyncio.sleep(0.01)
    ticket_id = await ready(staffed, "Technical")
    ticket = await asyncio.wait_for(own, 10)
    assert ticket is not None and ticket.ticket_id == ticket_id and not other.done()
    other.cancel()
    await asyncio.gather(other, return_exceptions=True)


async def test_who_is_woken_in_vain_passes_the_turn_on(broker: Broker) -> None:
    await broker.agents.put(Agent("Bob", {"Billing": 0.9}, 1))
    await broker.agents.put(Agent("Ann", {"Technical": 0.9}, 1, Presence.AWAY))
    bob = asyncio.create_task(broker.desk.next("Bob", wait_s=20))
    await asyncio.sleep(0)
    ann = asyncio.create_task(broker.desk.next("Ann", wait_s=20))
    while len(broker.desk._line._polls) < 2:
        await asyncio.sleep(0.01)
    ticket_id = await ready(broker, "Technical")  # nobody's: Ann is away, but she waits
    ticket = await asyncio.wait_for(ann, 10)
    assert ticket is not None and ticket.ticket_id == ticket_id and not bob.done()
    bob.cancel()
    await asyncio.gather(bob, return_exceptions=True)


async def test_one_ticket_among_waiters_of_several_processes_goes_to_one(make_broker: MakeBroker) -> None:
    processes = [await make_broker() for _ in range(3)]
    polls = [asyncio.create_task(processes[n % 3].desk.next(wait_s=3)) for n in range(30)]
    while sum(len(one.desk._line._polls) for one in processes) < 30:
        await asyncio.sleep(0.01)
    await ready(processes[0])
    tickets = [ticket for ticket in await asyncio.gather(*polls) if ticket is not None]
    assert len(tickets) == 1
