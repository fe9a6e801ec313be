import asyncio

import pytest

from broker import Broker
from broker.errors import BacklogFull, KeyReused, TicketExists
from broker.records import Accepted, NewTicket, Status
from tests.broker.conftest import MakeBroker
from tests.broker.desk_work import Clock, assert_balanced, submit, take


async def test_a_ticket_is_kept_as_it_was_sent(broker: Broker) -> None:
    sent = NewTicket(
        "Sübject", "line one\nline two ✓", "more", requester="a@example.com", metadata={"a": [1, {"b": None}]}
    )
    accepted = await broker.intake.submit(sent)
    ticket = await broker.listing.ticket(accepted.ticket_id)
    assert (ticket.subject, ticket.body, ticket.description) == (sent.subject, sent.body, sent.description)
    assert (ticket.requester, ticket.metadata) == (sent.requester, sent.metadata)
    assert (ticket.status, ticket.attempts, ticket.category, ticket.lease) == (Status.PENDING, 0, None, None)


async def test_two_hundred_at_once_get_two_hundred_ids_in_order_of_arrival(broker: Broker) -> None:
    accepted = await asyncio.gather(*(broker.intake.submit(NewTicket(subject=f"ticket {n}")) for n in range(200)))
    ids = [one.ticket_id for one in accepted]
    assert len(set(ids)) == 200
    taken = [ticket.ticket_id for ticket in (await take(broker, 200)).tickets]
    assert taken == ids
    assert (await assert_balanced(broker))["accepted"] == 200


async def test_the_same_key_and_payload_replays_the_first_answer(broker: Broker) -> None:
    sent = NewTicket(subject="once")
    first = await broker.intake.submit(sent, idempotency_key="k")
    second = await broker.intake.submit(sent, idempotency_key="k")
    assert second == Accepted(first.ticket_id, replayed=True)
    assert (await assert_balanced(broker))["accepted"] == 1


async def test_the_same_key_with_another_payload_is_refused_and_changes_nothing(broker: Broker) -> None:
    await broker.intake.submit(NewTicket(subject="once"), idempotency_key="k")
    with pytest.raises(KeyReused):
        await broker.intake.submit(NewTicket(subject="twice"), idempotency_key="k")
    assert (await assert_balanced(broker))["accepted"] == 1


async def test_many_at_once_under_one_key_make_one_ticket(make_broker: MakeBroker) -> None:
    processes = [await make_broker(), await make_broker()]
    answers = await asyncio.gather(
        *(processes[n % 2].intake.submit(NewTicket(subject="x"), idempotency_key="same") for n in range(50))
    )
    assert len({answer.ticket_id for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1


async def test_an_own_id_is_taken_once(broker: Broker) -> None:
    sent = NewTicket(subject="mine", ticket_id="order-7")
    assert await broker.intake.submit(sent) == Accepted("order-7")
    assert await broker.intake.submit(sent) == Accepted("order-7", replayed=True)
    with pytest.raises(TicketExists):
        await broker.intake.submit(NewTicket(subject="other", ticket_id="order-7"))
    assert (await broker.listing.ticket("order-7")).subject == "mine"
    assert (await assert_balanced(broker))["accepted"] == 1


async def test_a_full_backlog_refuses_exactly_what_is_too_much(make_broker: MakeBroker) -> None:
    broker = await make_broker(max_backlog=3)
    answers = await broker.intake.submit_many([NewTicket(subject=f"{n}") for n in range(5)])
    assert [isinstance(answer, BacklogFull) for answer in answers] == [False, False, False, True, True]
    assert (await assert_balanced(broker))["pending"] == 3
    await take(broker, 1)
    assert await submit(broker)


async def test_one_refused_ticket_does_not_spoil_those_sent_with_it(broker: Broker) -> None:
    await submit(broker, "first", ticket_id="taken")
    answers = await broker.intake.submit_many(
        [NewTicket(subject="a"), NewTicket(subject="b", ticket_id="taken"), NewTicket(subject="c")]
    )
    assert (
        isinstance(answers[0], Accepted) and isinstance(answers[1], TicketExists) and isinstance(answers[2], Accepted)
    )
    assert (await assert_balanced(broker))["accepted"] == 3


async def test_hours_are_counted(broker: Broker, clock: Clock) -> None:
    await submit(broker)
    clock.pass_s(3600)
    await submit(broker, "later")
    await submit(broker, "later still")
    assert list((await broker.stats.snapshot()).by_hour.values()) == [1, 2]
