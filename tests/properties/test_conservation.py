"""Any interleaving of what clients, workers, agents and time can do conserves tickets and keeps every index in step."""

import asyncio
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from broker import Broker
from broker.advice import DRAFT, OPINION, Reading, Waiting
from broker.duplicates import Print
from broker.errors import BrokerError
from broker.records import Agent, AiStatus, NewTicket, Presence, Ticket
from broker.scripts import Code
from broker.work import Batch
from tests.broker.desk_work import DEFAULTS, Clock, outcome, token, vector

CATEGORIES = st.sampled_from(["Technical", "Billing", "Legal", "General"])
# Near the axes and between them: groups grow, meet strays that came before them, and take them in.
PLACES = [
    vector(1, 0, 0),
    vector(0, 1, 0),
    vector(0, 0, 1),
    vector(1, 0.8, 0),
    vector(0.8, 1, 0.3),
    vector(1, 0.4, 0.4),
]
SETS = ("pending", "processing", "ready", "claimed", "snoozed", "folded", "resolved", "dead")
STATUS_OF = {"pending": "pending", "processing": "processing", "ready": "completed", "claimed": "claimed",
             "snoozed": "snoozed", "folded": "master_incident", "resolved": "resolved", "dead": "dead"}  # fmt: skip

# Set by the fixture below: a state machine takes no fixtures.
URL = ""


class Tickets(RuleBasedStateMachine):
    """Three expiries and a low threshold, so that short runs reach deaths and floods."""

    batches: Bundle[Batch] = Bundle("batches")
    held: Bundle[Ticket] = Bundle("held")
    advised: Bundle[Waiting] = Bundle("advised")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = Clock()
        self.accepted = 0
        self.broker = self.run(
            Broker.open(
                URL,
                namespace=uuid.uuid4().hex,
                clock=self.clock,
                max_attempts=2,
                flood_threshold=2,
                retention_days=0.01,
            )
        )
        for name, skills, capacity in DEFAULTS:
            self.run(self.broker.agents.put(Agent(name, skills, capacity // 2)))

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        self.run(self.broker.close())
        self.loop.close()

    @rule(count=st.integers(1, 4))
    def submit(self, count: int) -> None:
        answers = self.run(self.broker.intake.submit_many([NewTicket(subject=f"{n}") for n in range(count)]))
        self.accepted += len(answers)

    @rule(target=batches, most=st.integers(1, 3))
    def take(self, most: int) -> Any:
        batch = self.run(self.broker.work.take(most, wait=False))
        return batch if batch else multiple()

    @rule(
        batch=consumes(batches), category=CATEGORIES, urgency=st.floats(0, 1), place=st.none() | st.integers(0, 5),
        fallback=st.booleans(), doubt=st.sampled_from([0.0, 0.3]),
    )  # fmt: skip
    def finish(
        self, batch: Batch, category: str, urgency: float, place: int | None, fallback: bool, doubt: float
    ) -> None:
        leaders = {}
        if place is not None:
            prints = [Print(t.ticket_id, t.created_us, "test", PLACES[place], 0.6, 0.9, doubt) for t in batch.tickets]
            leaders = self.run(self.broker.duplicates.enter(prints))
        result = outcome(
            category, urgency, alert=urgency > 0.8, ai_status=AiStatus.FALLBACK if fallback else AiStatus.DONE,
            needs_review=True, draft_source="template", wanted=() if fallback else (DRAFT, OPINION),
        )  # fmt: skip
        self.run(batch.finish([(t, result, leaders.get(t.ticket_id)) for t in batch.tickets]))

    @rule(batch=batches)
    def renew(self, batch: Batch) -> None:
        self.run(batch.renew())

    @rule(batch=consumes(batches))
    def give_back(self, batch: Batch) -> None:
        self.run(batch.give_back(batch.tickets, reason="test"))

    @rule(category=CATEGORIES, urgency=st.floats(0, 1))
    def look_again(self, category: str, urgency: float) -> None:
        tickets = self.run(self.broker.work.degraded(2, pause_s=30))
        self.run(self.broker.work.rescore([(ticket, outcome(category, urgency)) for ticket in tickets]))

    @rule(target=advised, kind=st.sampled_from([DRAFT, OPINION]))
    def take_for_advice(self, kind: str) -> Any:
        return multiple(*self.run(self.broker.advice.take(kind, 2)))

    @rule(waiting=advised, category=CATEGORIES)
    def advise(self, waiting: Waiting, category: str) -> None:
        again = Reading(category, 0.9, True, ("said",), "stub+nli", "2", "Hello", f"template {category}", (DRAFT,))
        if self.run(self.broker.advice.reread(waiting, again)) is not Code.DONE:
            self.run(self.broker.advice.draft(waiting, "Dear Ann", "a model"))

    @rule(target=held, agent=st.sampled_from([None, "Agent1", "Agent2"]))
    def pull(self, agent: str | None) -> Any:
        ticket = self.run(self.broker.desk.next(agent))
        return ticket if ticket else multiple()

    def act(self, verb: Any, ticket: Ticket) -> None:
        with suppress(BrokerError):  # stale or settled meanwhile: refused, and the invariants say that nothing changed
            self.run(verb(ticket.ticket_id, token(ticket)))

    @rule(ticket=held)
    def resolve(self, ticket: Ticket) -> None:
        self.act(self.broker.desk.resolve, ticket)

    @rule(ticket=held)
    def release(self, ticket: Ticket) -> None:
        self.act(self.broker.desk.release, ticket)

    @rule(ticket=held)
    def extend(self, ticket: Ticket) -> None:
        self.act(self.broker.desk.extend, ticket)

    @rule(ticket=held)
    def skip(self, ticket: Ticket) -> None:
        with suppress(BrokerError):
            self.run(self.broker.desk.skip(ticket.ticket_id, token(ticket), "not mine"))

    @rule(ticket=held, seconds=st.sampled_from([60, 600]))
    def snooze(self, ticket: Ticket, seconds: int) -> None:
        until = datetime.fromtimestamp(self.clock.us / 1_000_000, UTC) + timedelta(seconds=seconds)
        with suppress(BrokerError):
            self.run(self.broker.desk.snooze(ticket.ticket_id, token(ticket), until))

    @rule(ticket=held)
    def reopen(self, ticket: Ticket) -> None:
        with suppress(BrokerError):
            self.run(self.broker.desk.reopen(ticket.ticket_id))

    @rule(ticket=held, mine=st.booleans(), category=st.none() | CATEGORIES, urgency=st.none() | st.floats(0, 1))
    def edit(self, ticket: Ticket, mine: bool, category: str | None, urgency: float | None) -> None:
        proof = token(ticket) if mine else None
        with suppress(BrokerError):
            self.run(self.broker.desk.edit(ticket.ticket_id, token=proof, category=category, urgency_score=urgency))

    @rule(number=st.integers(1, 3))
    def remove_a_member(self, number: int) -> None:
        with suppress(BrokerError):
            incident = self.run(self.broker.incidents.get(f"INC-{number}"))
            if incident.members:
                self.run(self.broker.incidents.remove(incident.incident_id, incident.members[-1]))

    @rule(seconds=st.sampled_from([0.1, 3, 31, 200, 901]))
    def time_passes(self, seconds: float) -> None:
        self.clock.pass_s(seconds)

    @rule()
    def sweep(self) -> None:
        self.run(self.broker.recovery.sweep())

    @rule()
    def expire(self) -> None:
        self.run(self.broker.recovery.expire())

    @rule(number=st.integers(0, 3))
    def redrive(self, number: int) -> None:
        dead = self.members("dead")
        if number < len(dead):
            self.run(self.broker.recovery.redrive(dead[number]))

    @rule(count=st.integers(1, 2))
    def lose_bells(self, count: int) -> None:
        self.run(self.broker.store.command("LPOP", self.broker.store.keys.name("bell"), count))

    @rule(name=st.sampled_from(["Agent1", "Agent2"]), status=st.sampled_from(list(Presence)))
    def presence(self, name: str, status: Presence) -> None:
        self.run(self.broker.agents.heartbeat(name, status))

    @rule(capacity=st.integers(1, 4))
    def resize(self, capacity: int) -> None:
        self.run(self.broker.agents.put(Agent("Agent1", {"Technical": 0.9}, capacity)))

    @rule(number=st.integers(1, 3))
    def resolve_incident(self, number: int) -> None:
        with suppress(BrokerError):  # there are not so many
            self.run(self.broker.incidents.resolve(f"INC-{number}"))

    def members(self, name: str, rest: str = "") -> list[str]:
        key = self.broker.store.keys.name(name, rest)
        kind = self.run(self.broker.store.command("TYPE", key))
        if kind == "set":
            return sorted(self.run(self.broker.store.command("SMEMBERS", key)))
        return list(self.run(self.broker.store.command("ZRANGE", key, 0, -1)))

    @invariant()
    def nothing_is_lost_and_every_index_agrees(self) -> None:
        stats = self.run(self.broker.stats.snapshot())
        assert stats.balanced and stats.conservation["accepted"] == self.accepted, stats.conservation
        where = {name: self.members(name) for name in SETS}
        every = [ticket_id for ids in where.values() for ticket_id in ids]
        assert len(every) == len(set(every)), "a ticket is in two states at once"
        records = {t.ticket_id: t for t in self.run(self.broker.listing.tickets(every))}
        for name, ids in where.items():
            assert {records[ticket_id].status for ticket_id in ids} <= {STATUS_OF[name]}
        assert set(self.members("queue")) == set(where["ready"]) | set(where["claimed"])
        assert set(self.members("degraded")) <= set(where["ready"])
        self.check_assignments(records, where)
        self.check_listing(records)

    def check_assignments(self, records: dict[str, Ticket], where: dict[str, list[str]]) -> None:
        desks = {name: self.members("desk*", name) for name, _, _ in DEFAULTS}
        hands = {name: self.members("hands*", name) for name, _, _ in DEFAULTS}
        unassigned = {name: self.members("unassigned*", name) for name in ("Technical", "Billing", "Legal", "General")}
        placed = sorted(t for ids in [*desks.values(), *unassigned.values()] for t in ids)
        assert placed == sorted(where["ready"]), "a ready ticket lies on exactly one desk or on nobody's list"
        for agent, ids in desks.items():
            assert all(records[ticket_id].assigned_agent == agent for ticket_id in ids)
        for category, ids in unassigned.items():
            assert all(records[t].assigned_agent is None and records[t].category == category for t in ids)
        for agent, ids in hands.items():
            mine = [t for t in where["claimed"] if records[t].assigned_agent == agent]
            assert ids == sorted(mine), "slots are taken by what is in hand, no more and no less"

    def check_listing(self, records: dict[str, Ticket]) -> None:
        """Each listing index holds exactly the tickets whose record says so."""
        assert set(self.members("index*", "all")) == set(records)
        for name in ("status", "category", "assigned_agent", "incident_id"):
            values = {getattr(ticket, name) for ticket in records.values()} | EVER[name]
            for value in values - {None}:
                expected = {ticket_id for ticket_id, ticket in records.items() if getattr(ticket, name) == value}
                assert set(self.members("index*", f"{name}:{value}")) == expected, (name, value)


EVER: dict[str, set[str]] = {
    "status": set(STATUS_OF.values()),
    "category": {"Technical", "Billing", "Legal", "General"},
    "assigned_agent": {"Agent1", "Agent2"},
    "incident_id": {"INC-1", "INC-2"},
}

Tickets.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_any_interleaving(redis_url: str) -> None:
    global URL
    URL = redis_url
    Tickets.TestCase("runTest").runTest()
