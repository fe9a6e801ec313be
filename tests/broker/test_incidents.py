import asyncio

import pytest

from broker import Broker
from broker.duplicates import Print
from broker.errors import NotFound, WrongState
from broker.incidents import IncidentStatus
from broker.records import Status
from broker.scripts import Code
from tests.broker.conftest import MakeBroker
from tests.broker.desk_work import Clock, assert_balanced, finish_grouped, outcome, pull, submit, take, token, vector

HERE, THERE = vector(1, 0, 0.1), vector(0, 1, 0)


async def flood(broker: Broker, count: int) -> list[str]:
    ids = []
    for _ in range(count):
        ids.append(await submit(broker, "login broken"))
        batch = await take(broker)
        await finish_grouped(broker, batch, batch.tickets, HERE)
    return ids


async def statuses(broker: Broker, ids: list[str]) -> list[Status]:
    return [(await broker.listing.ticket(ticket_id)).status for ticket_id in ids]


async def test_the_eleventh_copy_is_folded(broker: Broker) -> None:
    ids = await flood(broker, 12)
    assert await statuses(broker, ids) == [Status.COMPLETED] * 10 + [Status.MASTER_INCIDENT] * 2
    [incident] = (await broker.incidents.list(10)).items
    assert (incident.count, incident.members, incident.status) == (12, ids, IncidentStatus.OPEN)
    assert {(await broker.listing.ticket(ticket_id)).incident_id for ticket_id in ids} == {incident.incident_id}
    stats = await broker.stats.snapshot()
    assert (stats.incidents, stats.alerts_waiting) == (1, 1)
    assert (await assert_balanced(broker))["folded"] == 2


async def test_slow_repetition_is_no_flood(broker: Broker, clock: Clock) -> None:
    ids = []
    for _ in range(14):
        ids += await flood(broker, 1)
        clock.pass_s(31)
    assert set(await statuses(broker, ids)) == {Status.COMPLETED}


async def test_unlike_tickets_do_not_group(broker: Broker) -> None:
    for _ in range(8):
        await flood(broker, 1)
        await submit(broker, "other")
        batch = await take(broker)
        assert await finish_grouped(broker, batch, batch.tickets, THERE) == [Code.DONE]
    assert (await broker.incidents.list(10)).items == []


async def test_two_workers_count_one_flood_together_whatever_they_interleave(make_broker: MakeBroker) -> None:
    submitter = await make_broker()
    ids = [await submit(submitter, "login broken") for _ in range(24)]
    workers = [await make_broker() for _ in range(3)]

    async def work(broker: Broker) -> None:
        while batch := await broker.work.take(3):
            await finish_grouped(broker, batch, batch.tickets, HERE)

    await asyncio.gather(*(work(broker) for broker in workers))
    assert await statuses(submitter, ids) == [Status.COMPLETED] * 10 + [Status.MASTER_INCIDENT] * 14
    [incident] = (await submitter.incidents.list(10)).items
    assert incident.count == 24
    await assert_balanced(submitter)


async def test_order_of_acceptance_counts_not_order_of_finishing(broker: Broker) -> None:
    ids = [await submit(broker, "login broken") for _ in range(11)]
    batch = await take(broker)
    await finish_grouped(broker, batch, batch.tickets[5:], HERE)
    await finish_grouped(broker, batch, batch.tickets[:5], HERE)
    assert await statuses(broker, ids) == [Status.COMPLETED] * 10 + [Status.MASTER_INCIDENT]
    await assert_balanced(broker)


async def test_judging_a_ticket_twice_counts_it_once(broker: Broker, clock: Clock) -> None:
    ids = await flood(broker, 9)
    ids.append(await submit(broker, "login broken"))
    for _ in range(3):  # entered, then the worker dies before it finishes
        batch = await take(broker)
        leaders = await broker.duplicates.enter([])
        assert leaders == {}

        await broker.duplicates.enter([Print(t.ticket_id, t.created_us, "test", HERE, 0.9) for t in batch.tickets])
        clock.pass_s(31)
        await broker.recovery.sweep()
    batch = await take(broker)
    assert await finish_grouped(broker, batch, batch.tickets, HERE) == [Code.DONE]
    assert (await broker.incidents.list(10)).items == []


async def test_later_reports_join_while_it_is_open_and_found_a_new_one_after(broker: Broker, clock: Clock) -> None:
    ids = await flood(broker, 11)
    clock.pass_s(3600)
    late = await flood(broker, 1)
    assert await statuses(broker, late) == [Status.MASTER_INCIDENT]
    await broker.incidents.resolve("INC-1")
    assert set(await statuses(broker, ids + late)) == {Status.RESOLVED}
    clock.pass_s(3600)
    again = await flood(broker, 11)
    assert (await statuses(broker, again))[-1] == Status.MASTER_INCIDENT
    assert [incident.incident_id for incident in (await broker.incidents.list(10)).items] == ["INC-2", "INC-1"]
    assert (await assert_balanced(broker))["resolved"] == 12


async def test_resolving_leaves_what_an_agent_holds(broker: Broker) -> None:
    await flood(broker, 12)
    held = await pull(broker)
    incident = await broker.incidents.resolve("INC-1")
    assert incident.status == IncidentStatus.RESOLVED
    assert (await broker.listing.ticket(held.ticket_id)).status == Status.CLAIMED
    assert (await broker.desk.resolve(held.ticket_id, token(held))).status == Status.RESOLVED
    assert (await broker.incidents.resolve("INC-1")).count == 12, "repeating it is harmless"
    assert (await assert_balanced(broker))["resolved"] == 12


async def test_a_resolution_cut_short_is_finished_by_the_sweep(broker: Broker) -> None:
    ids = await flood(broker, 12)
    await broker.store.verb("incident_resolve", "INC-1", 5, 0)
    assert (await assert_balanced(broker))["resolved"] == 5
    await broker.recovery.sweep()
    assert set(await statuses(broker, ids)) == {Status.RESOLVED}


async def test_acknowledging(broker: Broker) -> None:
    await flood(broker, 11)
    assert (await broker.incidents.acknowledge("INC-1")).status == IncidentStatus.ACKNOWLEDGED
    await broker.incidents.resolve("INC-1")
    with pytest.raises(WrongState):
        await broker.incidents.acknowledge("INC-1")
    for verb in (broker.incidents.get, broker.incidents.acknowledge, broker.incidents.resolve):
        with pytest.raises(NotFound):
            await verb("INC-9")


async def test_an_incident_alert_replaces_those_of_folded_tickets(broker: Broker) -> None:
    for _ in range(13):
        await submit(broker, "all down")
        batch = await take(broker)

        leaders = await broker.duplicates.enter(
            [Print(t.ticket_id, t.created_us, "test", HERE, 0.9) for t in batch.tickets]
        )
        await batch.finish([(t, outcome(urgency=0.95, alert=True), leaders[t.ticket_id]) for t in batch.tickets])
    assert (await broker.stats.snapshot()).alerts_waiting == 10 + 1


async def test_old_groups_are_forgotten(broker: Broker, clock: Clock) -> None:
    await flood(broker, 3)
    clock.pass_s(601)
    await submit(broker, "other")
    batch = await take(broker)
    await finish_grouped(broker, batch, batch.tickets, THERE)
    leaders = await broker.store.command("HLEN", broker.store.keys.name("leaders"))
    assert leaders == 1
    # This process still remembers the forgotten leader; it must notice and found a new group.
    assert await statuses(broker, await flood(broker, 11)) == [Status.COMPLETED] * 10 + [Status.MASTER_INCIDENT]
