"""Skip, snooze, reopen, edit, presence, users, wrong members of incidents."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from broker import Broker
from broker.errors import EmailTaken, NotFound, StaleLease, WrongState
from broker.records import Agent, Presence, Status, UrgencyLabel
from tests.broker.desk_work import Clock, assert_balanced, finish_grouped, pull, ready, submit, take, token, vector


def later(clock: Clock, seconds: float) -> datetime:
    return datetime.fromtimestamp(clock.us / 1_000_000, UTC) + timedelta(seconds=seconds)


async def owner(broker: Broker, ticket_id: str) -> str | None:
    return (await broker.listing.ticket(ticket_id)).assigned_agent


async def test_a_skipped_ticket_goes_to_others_and_not_back(staffed: Broker) -> None:
    ticket_id = await ready(staffed, "Technical", 0.9)
    held = await pull(staffed, "Agent1")
    await staffed.desk.skip(ticket_id, token(held), "needs somebody who knows Oracle")
    assert await owner(staffed, ticket_id) == "Agent2"
    assert await staffed.desk.next("Agent1") is None
    held = await pull(staffed, "Agent2")
    await staffed.desk.skip(ticket_id, token(held), "me neither")
    ticket = await staffed.listing.ticket(ticket_id)
    assert ticket.assigned_agent is None
    assert ticket.routing_reason == "Nobody assigned: everybody online for Technical has passed it on"
    assert await staffed.desk.next("Agent1") is None and await staffed.desk.next("Agent2") is None
    assert (await pull(staffed)).ticket_id == ticket_id, "who pulls without a name still sees it"
    with pytest.raises(StaleLease):
        await staffed.desk.skip(ticket_id, token(held), "again")
    await assert_balanced(staffed)


async def test_an_agent_gets_what_stands_behind_the_tickets_they_passed_on(broker: Broker) -> None:
    await broker.agents.put(Agent("Ann", {"Technical": 0.9}, 1))
    for _ in range(3):
        await ready(broker, "Technical", 0.9)
        held = await pull(broker, "Ann")
        await broker.desk.skip(held.ticket_id, token(held), "not mine")
    behind = await ready(broker, "Technical", 0.1)
    assert await owner(broker, behind) == "Ann"


async def test_a_snoozed_ticket_leaves_the_slot_and_returns_to_its_place(staffed: Broker, clock: Clock) -> None:
    urgent = await ready(staffed, "Technical", 0.9)
    await ready(staffed, "Technical", 0.5)
    held = await pull(staffed, "Agent1")
    snoozed = await staffed.desk.snooze(urgent, token(held), later(clock, 600))
    assert (snoozed.status, snoozed.assigned_agent, snoozed.lease) == (Status.SNOOZED, None, None)
    assert (await staffed.agents.get("Agent1")).load == 1
    assert (await assert_balanced(staffed))["snoozed"] == 1
    clock.pass_s(599)
    assert (await staffed.recovery.sweep()).woken == 0
    clock.pass_s(2)
    assert (await staffed.recovery.sweep()).woken == 1
    assert (await pull(staffed)).ticket_id == urgent
    await assert_balanced(staffed)


async def test_a_reopened_ticket_is_in_the_queue_again(staffed: Broker) -> None:
    ticket_id = await ready(staffed, "Billing")
    with pytest.raises(WrongState):
        await staffed.desk.reopen(ticket_id)
    held = await pull(staffed)
    await staffed.desk.resolve(ticket_id, token(held), "done")
    again = await staffed.desk.reopen(ticket_id)
    assert (again.status, again.response, again.assigned_agent) == (Status.COMPLETED, "done", "Agent2")
    with pytest.raises(NotFound):
        await staffed.desk.reopen("nothing")
    assert (await assert_balanced(staffed))["resolved"] == 0


async def test_only_the_holder_edits_what_is_held(broker: Broker) -> None:
    ticket_id = await ready(broker)
    held = await pull(broker)
    for wrong in (None, "guess"):
        with pytest.raises(StaleLease):
            await broker.desk.edit(ticket_id, token=wrong, category="Legal")
    edited = await broker.desk.edit(ticket_id, token=token(held), urgency_label=UrgencyLabel.LOW, response="draft")
    assert (edited.urgency_label, edited.urgency_score, edited.response) == (UrgencyLabel.LOW, 0.1, "draft")
    assert edited.status == Status.CLAIMED


async def test_a_score_set_by_hand_brings_its_label(broker: Broker) -> None:
    ticket_id = await ready(broker, urgency=0.1)
    assert (await broker.desk.edit(ticket_id, urgency_score=0.95)).urgency_label == UrgencyLabel.HIGH
    both = await broker.desk.edit(ticket_id, urgency_score=0.95, urgency_label=UrgencyLabel.MEDIUM)
    assert (both.urgency_score, both.urgency_label) == (0.95, UrgencyLabel.MEDIUM)


async def test_what_is_being_judged_cannot_be_edited(broker: Broker) -> None:
    ticket_id = await submit(broker)
    with pytest.raises(WrongState):
        await broker.desk.edit(ticket_id, category="Legal")
    await take(broker)
    with pytest.raises(WrongState):
        await broker.desk.edit(ticket_id, category="Legal")
    with pytest.raises(NotFound):
        await broker.desk.edit("nothing", category="Legal")


async def test_silent_agents_go_offline_and_later_give_back_what_they_hold(staffed: Broker, clock: Clock) -> None:
    await staffed.agents.heartbeat("Agent1", Presence.ONLINE)
    ids = [await ready(staffed, "Technical") for _ in range(3)]
    held = await pull(staffed, "Agent1")
    clock.pass_s(59)
    await staffed.recovery.sweep()
    assert (await staffed.agents.get("Agent1")).status == Presence.ONLINE
    clock.pass_s(2)
    await staffed.recovery.sweep()
    assert (await staffed.agents.get("Agent1")).status == Presence.OFFLINE
    assert [await owner(staffed, ticket_id) for ticket_id in ids[1:]] == ["Agent2", "Agent2"]
    assert (await staffed.listing.ticket(held.ticket_id)).status == Status.CLAIMED
    clock.pass_s(600)
    await staffed.desk.extend(held.ticket_id, token(held))
    await staffed.recovery.sweep()
    assert (await staffed.listing.ticket(held.ticket_id)).status == Status.COMPLETED
    assert await owner(staffed, held.ticket_id) == "Agent2"
    with pytest.raises(StaleLease):
        await staffed.desk.resolve(held.ticket_id, token(held))
    assert (await staffed.agents.get("Agent2")).status == Presence.ONLINE, "who never sent one is not missed"
    back = await staffed.agents.heartbeat("Agent1", Presence.ONLINE)
    assert back.status == Presence.ONLINE
    await assert_balanced(staffed)


async def test_emails_are_unique_whatever_their_case(broker: Broker) -> None:
    user = await broker.users.create("Ann", "Ann@Example.com")
    with pytest.raises(EmailTaken):
        await broker.users.create("Other", "ann@example.COM")
    assert await broker.users.get(user.user_id) == user == await broker.users.find("ANN@example.com")
    for look in (broker.users.get, broker.users.find):
        with pytest.raises(NotFound):
            await look("nobody")


async def test_twenty_at_once_with_one_email_make_one_user(broker: Broker) -> None:
    answers = await asyncio.gather(
        *(broker.users.create(f"{n}", "one@example.com") for n in range(20)), return_exceptions=True
    )
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    assert len((await broker.users.list(50)).items) == 1


async def test_users_are_listed_newest_first_in_pages(broker: Broker) -> None:
    ids = [(await broker.users.create(f"{n}", f"{n}@example.com")).user_id for n in range(7)]
    seen: list[str] = []
    cursor = None
    while True:
        page = await broker.users.list(3, cursor)
        seen += [user.user_id for user in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == ids[::-1]
    with pytest.raises(ValueError):
        await broker.users.list(3, "nonsense")


async def flood(broker: Broker) -> list[str]:
    ids = [await submit(broker, "login broken") for _ in range(12)]
    batch = await take(broker)
    await finish_grouped(broker, batch, batch.tickets, vector(1, 0))
    return ids


async def test_a_wrong_member_returns_to_the_queue(broker: Broker) -> None:
    ids = await flood(broker)
    await broker.incidents.remove("INC-1", ids[-1])
    ticket = await broker.listing.ticket(ids[-1])
    assert (ticket.status, ticket.incident_id) == (Status.COMPLETED, None)
    assert (await broker.incidents.get("INC-1")).count == 11
    with pytest.raises(NotFound):
        await broker.incidents.remove("INC-1", ids[-1])
    await broker.incidents.remove("INC-1", ids[0])
    assert (await broker.listing.ticket(ids[0])).status == Status.COMPLETED
    await broker.incidents.resolve("INC-1")
    assert (await broker.listing.ticket(ids[-1])).status == Status.COMPLETED, "it is not settled with the rest"
    await assert_balanced(broker)


async def test_silencing(broker: Broker, clock: Clock) -> None:
    await flood(broker)
    until = later(clock, 3600).replace(microsecond=0)
    assert (await broker.incidents.silence("INC-1", until)).silenced_until == until
    with pytest.raises(NotFound):
        await broker.incidents.silence("INC-9", until)
