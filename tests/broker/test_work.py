import pytest

from broker import Broker
from broker.records import AiStatus, Status
from broker.scripts import Code
from tests.broker.conftest import MakeBroker
from tests.broker.desk_work import Clock, assert_balanced, outcome, ready, submit, take


async def test_a_ticket_goes_from_pending_over_processing_to_completed(broker: Broker) -> None:
    ticket_id = await submit(broker, "broken")
    batch = await take(broker)
    assert (await broker.listing.ticket(ticket_id)).status == Status.PROCESSING
    assert await batch.finish([(batch.tickets[0], outcome("Billing", 0.25), None)]) == [Code.DONE]
    ticket = await broker.listing.ticket(ticket_id)
    assert (ticket.status, ticket.category, ticket.urgency_score) == (Status.COMPLETED, "Billing", 0.25)
    assert (ticket.engine, ticket.ai_status, ticket.reasons) == ("stub", AiStatus.DONE, ("because",))
    assert ticket.lease is None and ticket.attempts == 1


async def test_nothing_is_taken_from_an_empty_queue(broker: Broker) -> None:
    assert await broker.work.take(10) is None


async def test_two_workers_share_the_tickets_and_never_one_of_them(make_broker: MakeBroker) -> None:
    one, other = await make_broker(), await make_broker()
    ids = {await submit(one, f"{n}") for n in range(20)}
    first, second = await take(one, 12), await take(other, 12)
    taken = [ticket.ticket_id for batch in (first, second) for ticket in batch.tickets]
    assert len(taken) == 20 and set(taken) == ids


async def test_a_late_result_changes_nothing(broker: Broker, clock: Clock) -> None:
    ticket_id = await submit(broker)
    late = await take(broker)
    clock.pass_s(31)
    await broker.recovery.sweep()
    fresh = await take(broker)
    assert await late.finish([(late.tickets[0], outcome("Legal"), None)]) == [Code.STALE_LEASE]
    assert (await broker.listing.ticket(ticket_id)).status == Status.PROCESSING
    assert await fresh.finish([(fresh.tickets[0], outcome("Billing"), None)]) == [Code.DONE]
    assert await late.finish([(late.tickets[0], outcome("Legal"), None)]) == [Code.STALE_LEASE]
    assert (await broker.listing.ticket(ticket_id)).category == "Billing"
    assert (await assert_balanced(broker))["ready"] == 1


async def test_a_renewed_lease_does_not_run_out(broker: Broker, clock: Clock) -> None:
    await submit(broker)
    batch = await take(broker)
    for _ in range(5):
        clock.pass_s(20)
        assert await batch.renew() == []
        assert (await broker.recovery.sweep()).expired == 0
    clock.pass_s(31)
    assert (await broker.recovery.sweep()).expired == 1
    assert await batch.renew() == [batch.tickets[0].ticket_id]


async def test_what_kills_its_worker_each_time_is_dead_after_max_attempts(
    make_broker: MakeBroker, clock: Clock
) -> None:
    broker = await make_broker(max_attempts=3)
    ticket_id = await submit(broker, "poison")
    for _ in range(3):
        await take(broker)
        clock.pass_s(31)
        await broker.recovery.sweep()
    ticket = await broker.listing.ticket(ticket_id)
    assert ticket.status == Status.DEAD and ticket.attempts == 3
    assert ticket.error is not None and "3 attempts" in ticket.error
    assert await broker.work.take(1) is None
    assert (await assert_balanced(broker))["dead"] == 1


async def test_what_was_in_a_dead_workers_hands_is_taken_one_by_one(make_broker: MakeBroker, clock: Clock) -> None:
    """One of them may have killed it: the others must not be given up with it."""
    broker = await make_broker(max_attempts=2)
    ids = [await submit(broker, subject) for subject in ("one", "poison", "two")]
    await take(broker)
    clock.pass_s(31)
    assert (await broker.recovery.sweep()).expired == 3
    fresh = [await submit(broker, subject) for subject in ("three", "four")]
    for _ in ids:
        batch = await take(broker)
        [ticket] = batch.tickets
        if ticket.subject != "poison":
            await batch.finish([(ticket, outcome(), None)])
    assert [ticket.ticket_id for ticket in (await take(broker)).tickets] == fresh, (
        "together: nothing is held against them"
    )
    clock.pass_s(31)
    await broker.recovery.sweep()
    terms = await assert_balanced(broker)
    assert (terms["dead"], terms["ready"], terms["pending"]) == (1, 2, 2)
    again = await submit(broker, "five")
    assert [len((await take(broker)).tickets) for _ in range(3)] == [1, 1, 1]
    assert (await broker.listing.ticket(again)).attempts == 1


async def test_one_death_may_be_chance_and_two_are_not(make_broker: MakeBroker, clock: Clock) -> None:
    broker = await make_broker(max_attempts=5)
    for _ in range(3):
        await submit(broker)
    sizes = []
    for _ in range(3):
        sizes.append(len((await take(broker)).tickets))
        clock.pass_s(31)
        await broker.recovery.sweep()
    assert sizes == [3, 3, 1]


async def test_what_is_given_back_is_taken_again_and_dead_in_the_end(make_broker: MakeBroker) -> None:
    broker = await make_broker(max_attempts=2)
    ticket_id = await submit(broker)
    batch = await take(broker)
    assert await batch.give_back(batch.tickets, reason="judging failed: ValueError") == 1
    assert (await broker.listing.ticket(ticket_id)).status == Status.PENDING
    batch = await take(broker)
    assert await batch.give_back(batch.tickets, reason="judging failed: ValueError") == 1
    ticket = await broker.listing.ticket(ticket_id)
    assert ticket.status == Status.DEAD and ticket.error is not None and "ValueError" in ticket.error


async def test_models_judge_again_what_keywords_judged_while_it_waits(broker: Broker) -> None:
    waiting = await ready(broker, "General", 0.1, ai_status=AiStatus.FALLBACK, engine="keywords")
    [taken] = await broker.work.degraded(10, pause_s=30)
    assert taken.ticket_id == waiting
    assert await broker.work.degraded(10, pause_s=30) == [], "offered to nobody else meanwhile"
    assert await broker.work.rescore([(taken, outcome("Legal", 0.9, alert=True))]) == [Code.DONE]
    ticket = await broker.listing.ticket(waiting)
    assert (ticket.category, ticket.urgency_score, ticket.ai_status) == ("Legal", 0.9, AiStatus.DONE)
    stats = await broker.stats.snapshot()
    assert stats.by_category == {"General": 0, "Legal": 1} and stats.alerts_waiting == 1
    await assert_balanced(broker)


async def test_a_second_look_comes_too_late_for_a_pulled_ticket(broker: Broker) -> None:
    ticket_id = await ready(broker, "General", 0.1, ai_status=AiStatus.FALLBACK)
    [taken] = await broker.work.degraded(10, pause_s=30)
    assert await broker.desk.next() is not None
    assert await broker.work.rescore([(taken, outcome("Legal"))]) == [Code.WRONG_STATE]
    assert (await broker.listing.ticket(ticket_id)).category == "General"


async def test_an_alert_is_written_once_for_a_ticket(broker: Broker) -> None:
    await ready(broker, urgency=0.95, alert=True, ai_status=AiStatus.FALLBACK)
    taken = await broker.work.degraded(10, pause_s=0)
    await broker.work.rescore([(taken[0], outcome(urgency=0.97, alert=True))])
    assert (await broker.stats.snapshot()).alerts_waiting == 1


@pytest.mark.parametrize("text", ['"quotes" and \\ back', "tab\there", "{json}", "'lua' .. ]]", "emoji 🙂 ü"])
async def test_reasons_of_any_text_survive(broker: Broker, text: str) -> None:
    ticket_id = await ready(broker, reasons=(text,), summary=text)
    ticket = await broker.listing.ticket(ticket_id)
    assert ticket.reasons == (text,) and ticket.summary == text
