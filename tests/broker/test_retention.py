import pytest

from broker import Broker
from broker.errors import NotFound, WrongState
from broker.records import NewTicket, Status
from tests.broker.conftest import MakeBroker
from tests.broker.desk_work import Clock, assert_balanced, finish_grouped, pull, ready, submit, take, token, vector

DAY_S = 24 * 3600


async def resolved(broker: Broker) -> str:
    ticket_id = await ready(broker, "Billing")
    held = await pull(broker)
    await broker.desk.resolve(ticket_id, token(held), "done")
    return ticket_id


async def everything(broker: Broker) -> set[str]:
    """All keys of this namespace; the product itself never looks this way."""
    names: list[str] = await broker.store.command(
        "KEYS", broker.store.keys.name("ticket*", "")[: -len("ticket:")] + "*"
    )
    return {name.split("}:")[1] for name in names}


async def test_resolved_tickets_are_forgotten_with_every_trace(staffed: Broker, clock: Clock) -> None:
    before = await everything(staffed)
    ticket_id = await ready(staffed, "Billing")
    await staffed.desk.edit(ticket_id, category="Technical")
    for _ in range(2):
        held = await pull(staffed, "Agent1" if _ == 0 else None)
        if _ == 0:
            await staffed.desk.skip(ticket_id, token(held), "not mine")
    await staffed.desk.resolve(ticket_id, token(held))
    clock.pass_s(29 * DAY_S)
    assert await staffed.recovery.expire() == 0
    clock.pass_s(DAY_S)
    assert await staffed.recovery.expire() == 1
    with pytest.raises(NotFound):
        await staffed.listing.ticket(ticket_id)
    left = {name for name in await everything(staffed) - before if ticket_id in name or name.startswith("index")}
    assert left == set()
    conservation = await assert_balanced(staffed)
    assert (conservation["accepted"], conservation["expired"]) == (1, 1)


async def test_it_goes_in_small_steps(make_broker: MakeBroker, clock: Clock) -> None:
    broker = await make_broker(retention_days=1)
    for _ in range(150):
        await resolved(broker)
    clock.pass_s(DAY_S + 1)
    assert [await broker.recovery.expire() for _ in range(3)] == [100, 50, 0]
    assert (await assert_balanced(broker))["expired"] == 150


async def test_what_is_not_resolved_is_kept(make_broker: MakeBroker, clock: Clock) -> None:
    broker = await make_broker(retention_days=1)
    ticket_id = await ready(broker)
    clock.pass_s(400 * DAY_S)
    assert await broker.recovery.expire() == 0
    assert (await broker.listing.ticket(ticket_id)).status == Status.COMPLETED


async def test_settled_incidents_go_too_and_open_ones_stay(make_broker: MakeBroker, clock: Clock) -> None:
    broker = await make_broker(retention_days=1)
    for place in (vector(1, 0), vector(0, 1)):
        for _ in range(11):
            await submit(broker, "flood")
        batch = await take(broker)
        await finish_grouped(broker, batch, batch.tickets, place)
    await broker.incidents.resolve("INC-1")
    clock.pass_s(2 * DAY_S)
    await broker.recovery.expire()
    assert [incident.incident_id for incident in (await broker.incidents.list(10)).items] == ["INC-2"]
    with pytest.raises(NotFound):
        await broker.incidents.get("INC-1")
    await assert_balanced(broker)


async def test_a_dead_ticket_is_redriven_from_the_start(make_broker: MakeBroker, clock: Clock) -> None:
    broker = await make_broker(max_attempts=1)
    ticket_id = await submit(broker)
    await take(broker)
    clock.pass_s(31)
    await broker.recovery.sweep()
    assert [t.ticket_id for t in (await broker.listing.search({"status": "dead"}, 10)).items] == [ticket_id]
    await broker.recovery.redrive(ticket_id)
    ticket = await broker.listing.ticket(ticket_id)
    assert (ticket.status, ticket.attempts, ticket.error) == (Status.PENDING, 0, None)
    assert (await take(broker)).tickets[0].ticket_id == ticket_id
    with pytest.raises(WrongState):
        await broker.recovery.redrive(ticket_id)
    with pytest.raises(NotFound):
        await broker.recovery.redrive("nothing")
    await assert_balanced(broker)


async def test_a_sweep_costs_the_same_at_any_backlog(make_broker: MakeBroker) -> None:
    broker = await make_broker()

    async def commands() -> int:
        async with broker.store.guard():
            return int((await broker.store.redis.info("stats"))["total_commands_processed"])

    async def cost() -> int:
        before = await commands()
        await broker.recovery.sweep()
        return await commands() - before

    await submit(broker)
    few = await cost()
    for start in range(0, 20_000, 1_000):
        await broker.intake.submit_many([NewTicket(subject=f"{start + n}") for n in range(1_000)])
    assert await cost() <= few + 2
