from broker.outbox import Due, Fate, Outbox
from tests.broker.conftest import MakeBroker
from tests.broker.desk_work import Clock, ready


async def due(outbox: Outbox, *, most_single: int = 3) -> list[Due]:
    taken = await outbox.take(most_single=most_single, most=20)
    assert taken is not None, "another process is the sender"
    return taken


async def test_an_alert_is_taken_and_delivered_once(make_broker: MakeBroker) -> None:
    broker = await make_broker()
    ticket_id = await ready(broker, urgency=0.9, alert=True)
    [alert] = await due(broker.outbox)
    assert (alert.alert_id, alert.kind, alert.subject_id, alert.attempt) == (
        f"ticket:{ticket_id}",
        "ticket",
        ticket_id,
        1,
    )
    assert await due(broker.outbox) == [], "in hand"
    assert await broker.outbox.settle([alert.alert_id], Fate.DELIVERED)
    assert (await broker.stats.snapshot()).alerts_waiting == 0


async def test_only_one_process_sends(make_broker: MakeBroker) -> None:
    one, other = await make_broker(), await make_broker()
    await ready(one, alert=True)
    assert len(await due(one.outbox)) == 1
    assert await other.outbox.take(most_single=3, most=20) is None
    assert not await other.outbox.settle(["ticket:x"], Fate.DELIVERED)
    await other.outbox.hand_over()
    assert await other.outbox.take(most_single=3, most=20) is None, "only the sender can hand over"
    await one.outbox.hand_over()
    assert await other.outbox.take(most_single=3, most=20) == []


async def test_an_alert_whose_sender_died_is_due_again_and_says_so(make_broker: MakeBroker, clock: Clock) -> None:
    broker = await make_broker()
    await ready(broker, alert=True)
    await due(broker.outbox)
    clock.pass_s(31)
    [again] = await due(broker.outbox)
    assert again.attempt == 2


async def test_later_means_later(make_broker: MakeBroker, clock: Clock) -> None:
    broker = await make_broker()
    await ready(broker, alert=True)
    [alert] = await due(broker.outbox)
    await broker.outbox.settle([alert.alert_id], Fate.LATER, delay_s=7)
    clock.pass_s(6)
    assert await due(broker.outbox) == []
    clock.pass_s(1.1)
    assert [one.attempt for one in await due(broker.outbox)] == [2]


async def test_a_refused_alert_is_kept_to_look_at(make_broker: MakeBroker) -> None:
    broker = await make_broker()
    await ready(broker, alert=True)
    [alert] = await due(broker.outbox)
    await broker.outbox.settle([alert.alert_id], Fate.REFUSED, reason="channel_is_archived")
    assert (await broker.stats.snapshot()).alerts_waiting == 0
    dead = await broker.store.command("HGET", broker.store.keys.name("alerts_dead"), alert.alert_id)
    assert "channel_is_archived" in dead


async def test_few_come_one_by_one_and_many_together(make_broker: MakeBroker, clock: Clock) -> None:
    broker = await make_broker()
    for _ in range(3):
        await ready(broker, alert=True)
    assert len(await due(broker.outbox)) == 1
    clock.pass_s(31)
    await ready(broker, alert=True)
    assert len(await due(broker.outbox)) == 4
