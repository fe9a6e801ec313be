import pytest

from broker import Broker
from broker.errors import NotFound
from broker.records import Agent, Presence
from tests.broker.desk_work import Clock, assert_balanced, pull, ready, token


async def assigned(broker: Broker, ticket_id: str) -> str | None:
    return (await broker.listing.ticket(ticket_id)).assigned_agent


async def loads(broker: Broker) -> dict[str, int]:
    listed = {agent.name: agent.load for agent in await broker.agents.list()}
    assert listed == (await broker.stats.snapshot()).by_agent
    return listed


async def test_skill_decides_while_slots_are_free(staffed: Broker) -> None:
    technical, billing, legal = [await ready(staffed, category) for category in ("Technical", "Billing", "Legal")]
    assert await assigned(staffed, technical) == "Agent1"
    assert await assigned(staffed, billing) == "Agent2"
    assert await assigned(staffed, legal) == "Agent2"
    reason = (await staffed.listing.ticket(technical)).routing_reason
    assert reason == "Agent1: Technical skill 0.9, 5 of 5 slots free, score 0.94"


async def test_load_shifts_work_to_the_less_skilled_and_then_to_nobody(staffed: Broker) -> None:
    ids = [await ready(staffed, "Technical") for _ in range(10)]
    owners = [await assigned(staffed, ticket_id) for ticket_id in ids]
    # Agent1 scores .54 + .4 free/5, Agent2 .12 + .4 free/4: the specialist is filled first.
    assert owners == ["Agent1"] * 5 + ["Agent2"] * 4 + [None]
    last = await staffed.listing.ticket(ids[-1])
    assert last.routing_reason is not None and last.routing_reason.startswith(
        "Nobody assigned: every slot for Technical"
    )
    assert (await staffed.stats.snapshot()).unassigned == {"Technical": 1}
    assert await loads(staffed) == {"Agent1": 5, "Agent2": 4}


async def test_a_freed_slot_takes_the_most_urgent_then_the_oldest_that_fits(staffed: Broker, clock: Clock) -> None:
    for _ in range(9):
        await ready(staffed, "Technical", 0.2)
    held = [await pull(staffed, "Agent1") for _ in range(5)]
    clock.pass_s(1)
    legal = await ready(staffed, "Legal", 0.95)  # Agent1 lacks the skill
    older = await ready(staffed, "Technical", 0.6)
    clock.pass_s(1)
    younger = await ready(staffed, "Technical", 0.6)
    urgent = await ready(staffed, "Technical", 0.9)
    for freed, expected in zip(held, (urgent, older, younger), strict=False):
        assert await assigned(staffed, expected) is None
        await staffed.desk.resolve(freed.ticket_id, token(freed))
        assert await assigned(staffed, expected) == "Agent1"
    assert await assigned(staffed, legal) is None
    assert (await loads(staffed))["Agent1"] == 5
    await assert_balanced(staffed)


async def test_a_named_agent_gets_own_work_or_what_is_nobodys_and_fits(staffed: Broker) -> None:
    billing = await ready(staffed, "Billing", 0.9)
    technical = await ready(staffed, "Technical", 0.3)
    assert (await pull(staffed, "Agent1")).ticket_id == technical
    assert await staffed.desk.next("Agent1") is None, "Billing lies on the desk of Agent2"
    assert (await pull(staffed, "Agent2")).ticket_id == billing


async def test_what_is_nobodys_becomes_the_pullers(staffed: Broker) -> None:
    await staffed.agents.heartbeat("Agent1", Presence.OFFLINE)
    await staffed.agents.heartbeat("Agent2", Presence.OFFLINE)
    ticket_id = await ready(staffed, "Technical", 0.9)
    assert (
        await staffed.listing.ticket(ticket_id)
    ).routing_reason == "Nobody assigned: no agent for Technical is online"
    held = await pull(staffed, "Agent1")
    assert held.assigned_agent == "Agent1" and await loads(staffed) == {"Agent1": 1, "Agent2": 0}
    await staffed.desk.resolve(ticket_id, token(held))
    assert await loads(staffed) == {"Agent1": 0, "Agent2": 0}


async def test_a_category_without_specialists_is_everybodys(staffed: Broker) -> None:
    ticket = await staffed.listing.ticket(await ready(staffed, "General"))
    assert ticket.assigned_agent == "Agent1"
    assert ticket.routing_reason is not None and "nobody lists General as a skill" in ticket.routing_reason


async def test_the_slot_stays_taken_when_somebody_unnamed_pulls(staffed: Broker) -> None:
    await ready(staffed, "Technical")
    held = await pull(staffed)
    assert await loads(staffed) == {"Agent1": 1, "Agent2": 0}
    await staffed.desk.resolve(held.ticket_id, token(held))
    assert await loads(staffed) == {"Agent1": 0, "Agent2": 0}
    assert (await staffed.stats.snapshot()).resolved_by == {"Agent1": 1}


async def test_going_offline_hands_unclaimed_tickets_to_others(staffed: Broker) -> None:
    ids = [await ready(staffed, "Technical") for _ in range(3)]
    held = await pull(staffed, "Agent1")
    await staffed.agents.heartbeat("Agent1", Presence.OFFLINE)
    assert [await assigned(staffed, ticket_id) for ticket_id in ids[1:]] == ["Agent2", "Agent2"]
    assert await assigned(staffed, held.ticket_id) == "Agent1", "what is in hand stays there"
    assert await loads(staffed) == {"Agent1": 1, "Agent2": 2}


async def test_a_new_agent_relieves_the_queue_at_once(staffed: Broker) -> None:
    ids = [await ready(staffed, "Technical", 0.1 * n) for n in range(12)]
    assert await staffed.agents.put(Agent("Ann", {"Technical": 0.5}, 2))
    waiting = [ticket_id for ticket_id in ids if await assigned(staffed, ticket_id) is None]
    assert len(waiting) == 1 and await loads(staffed) == {"Agent1": 5, "Agent2": 4, "Ann": 2}
    assert not await staffed.agents.put(Agent("Ann", {"Technical": 0.5}, 3)), "changed, not created"
    assert (await loads(staffed))["Ann"] == 3


async def test_a_deleted_agents_desk_is_assigned_anew_and_stays_deleted(staffed: Broker) -> None:
    seeds = [Agent("Seeded", {"Legal": 1.0}, 1)]
    await staffed.agents.seed(seeds)
    ticket_id = await ready(staffed, "Legal")
    assert await assigned(staffed, ticket_id) == "Seeded"
    await staffed.agents.delete("Seeded")
    assert await assigned(staffed, ticket_id) == "Agent2"
    await staffed.agents.seed(seeds)
    with pytest.raises(NotFound):
        await staffed.agents.get("Seeded")
    with pytest.raises(NotFound):
        await staffed.agents.delete("Seeded")


async def test_seeding_does_not_undo_changes(staffed: Broker) -> None:
    await staffed.agents.seed([Agent("Agent1", {"Legal": 1.0}, 50)])
    assert (await staffed.agents.get("Agent1")).capacity == 5


async def test_a_resolution_by_a_deleted_agent_still_counts(staffed: Broker) -> None:
    await ready(staffed, "Technical")
    held = await pull(staffed, "Agent1")
    await staffed.agents.delete("Agent1")
    await staffed.desk.resolve(held.ticket_id, token(held))
    await assert_balanced(staffed)
