from broker import Broker
from broker.records import Status
from tests.broker.conftest import MakeBroker
from tests.broker.desk_work import Clock, assert_balanced, outcome, ready, submit, take


async def pop_the_bell(broker: Broker) -> str:
    """What a worker does that is killed between BLPOP and claim."""
    popped = await broker.store.command("LPOP", broker.store.keys.name("bell"))
    assert isinstance(popped, str)
    return popped


async def test_a_popped_and_lost_bell_is_rung_again(broker: Broker, clock: Clock) -> None:
    ids = [await submit(broker, f"{n}") for n in range(5)]
    lost = [await pop_the_bell(broker), await pop_the_bell(broker)]
    assert lost == ids[:2]
    assert (await broker.recovery.sweep()).rung == 0, "may be about to be claimed"
    clock.pass_s(3)
    assert (await broker.recovery.sweep()).rung == 2, "older than the head of the list: lost for certain"
    assert {ticket.ticket_id for ticket in (await take(broker)).tickets} == set(ids)


async def test_the_last_bell_is_rung_again_after_its_grace(broker: Broker, clock: Clock) -> None:
    ticket_id = await submit(broker)
    await pop_the_bell(broker)
    clock.pass_s(1)
    assert (await broker.recovery.sweep()).rung == 0, "it may be about to be claimed"
    clock.pass_s(2)
    assert (await broker.recovery.sweep()).rung == 1
    assert (await take(broker)).tickets[0].ticket_id == ticket_id


async def test_a_deep_queue_is_not_rung_again(broker: Broker, clock: Clock) -> None:
    for n in range(300):
        await submit(broker, f"{n}")
    clock.pass_s(3600)
    assert (await broker.recovery.sweep()).rung == 0
    length = await broker.store.command("LLEN", broker.store.keys.name("bell"))
    assert length == 300


async def test_bells_of_taken_tickets_at_the_head_do_not_hide_lost_ones(broker: Broker, clock: Clock) -> None:
    ids = [await submit(broker, f"{n}") for n in range(3)]
    bell = broker.store.keys.name("bell")
    batch = await take(broker, 1)
    await broker.store.command("LPUSH", bell, batch.tickets[0].ticket_id)  # rung twice
    clock.pass_s(5)
    assert (await broker.recovery.sweep()).rung == 0
    assert [ticket.ticket_id for ticket in (await take(broker)).tickets] == ids[1:]


async def test_hundreds_of_expired_leases_come_back_in_a_few_sweeps(broker: Broker, clock: Clock) -> None:
    for n in range(250):
        await submit(broker, f"{n}")
    await take(broker, 250)
    clock.pass_s(31)
    swept = [await broker.recovery.sweep() for _ in range(3)]
    assert [one.expired for one in swept] == [100, 100, 50]
    assert [one.full for one in swept] == [True, True, False]
    assert (await assert_balanced(broker))["pending"] == 250


async def test_two_sweepers_do_the_work_once(make_broker: MakeBroker, clock: Clock) -> None:
    one, other = await make_broker(), await make_broker()
    await submit(one)
    await take(one)
    clock.pass_s(31)
    assert (await one.recovery.sweep()).expired + (await other.recovery.sweep()).expired == 1


async def test_a_snoozed_ticket_comes_back_at_its_time(broker: Broker, clock: Clock) -> None:
    ticket_id = await ready(broker)
    keys = broker.store.keys
    for command in (
        ("ZREM", keys.name("ready"), ticket_id),
        ("ZREM", keys.name("unassigned*", "Technical"), ticket_id),
        ("ZADD", keys.name("snoozed"), clock.us // 1000 + 60_000, ticket_id),
    ):
        await broker.store.command(*command)
    assert (await broker.recovery.sweep()).woken == 0
    clock.pass_s(61)
    assert (await broker.recovery.sweep()).woken == 1
    assert (await broker.listing.ticket(ticket_id)).status == Status.COMPLETED
    await assert_balanced(broker)


async def test_old_hours_are_dropped(broker: Broker, clock: Clock) -> None:
    await submit(broker)
    clock.pass_s(8 * 24 * 3600)
    await submit(broker, "week later")
    await broker.recovery.sweep()
    assert len((await broker.stats.snapshot()).by_hour) == 1


async def test_a_sweep_between_claim_and_finish_disturbs_nothing(broker: Broker) -> None:
    await submit(broker)
    batch = await take(broker)
    await broker.recovery.sweep()
    await batch.finish([(batch.tickets[0], outcome(), None)])
    assert (await assert_balanced(broker))["ready"] == 1
