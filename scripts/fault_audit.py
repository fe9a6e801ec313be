"""One atomic look into Redis at every ticket, held against what clients and agents were promised."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from broker import Broker
from broker.records import Status
from scripts.fault_books import Books
from scripts.fault_slack import RudeSlack

# The set that holds a ticket, and what its record must say then.
STATES = {
    "pending": Status.PENDING,
    "processing": Status.PROCESSING,
    "ready": Status.COMPLETED,
    "claimed": Status.CLAIMED,
    "snoozed": Status.SNOOZED,
    "folded": Status.MASTER_INCIDENT,
    "resolved": Status.RESOLVED,
    "dead": Status.DEAD,
}
# KEYS: the eight sets, then every desk and every list of unassigned tickets. ARGV: prefix of a record, the eight statuses.
# Returns the ids by set, then those in two sets, with another status in the record, and ready but not on exactly one desk.
LOOK = """
local sets, seen, twice, wrong, placed, misplaced = {}, {}, {}, {}, {}, {}
for i = 1, 8 do
    sets[i] = redis.call('ZRANGE', KEYS[i], 0, -1)
    for _, id in ipairs(sets[i]) do
        if seen[id] then twice[#twice + 1] = id end
        seen[id] = true
        if redis.call('HGET', ARGV[1] .. id, 'status') ~= ARGV[1 + i] then wrong[#wrong + 1] = id end
    end
end
for i = 9, #KEYS do
    for _, id in ipairs(redis.call('ZRANGE', KEYS[i], 0, -1)) do placed[id] = (placed[id] or 0) + 1 end
end
for _, id in ipairs(sets[3]) do
    if placed[id] ~= 1 then misplaced[#misplaced + 1] = id end
    placed[id] = nil
end
for id in pairs(placed) do misplaced[#misplaced + 1] = id end
sets[9], sets[10], sets[11] = twice, wrong, misplaced
return sets
"""
# Of ids in one message about a failure.
MOST_NAMED = 5


@dataclass
class Findings:
    """`sets`: state -> ids. The rest is what must be empty."""

    sets: dict[str, set[str]]
    in_two_states: list[str] = field(default_factory=list)
    wrong_status: list[str] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def sentences(self) -> list[str]:
        """What is wrong, in words."""
        said = {
            "accepted tickets are gone": self.lost,
            "tickets are there that no client was told of": self.unknown,
            "tickets are in two states at once": self.in_two_states,
            "tickets are not in the state their record says": self.wrong_status,
            "ready tickets are not on exactly one desk or list": self.misplaced,
            "tickets gave up": sorted(self.sets["dead"]),
        }
        return [f"{len(ids)} {words}: {', '.join(ids[:MOST_NAMED])}" for words, ids in said.items() if ids]


class Audit:
    def __init__(self, broker: Broker, agents: Sequence[str] = ("Agent1", "Agent2")) -> None:
        self._store = broker.store
        self._agents = agents

    async def sizes(self) -> dict[str, int]:
        """How many tickets are in each state. Raises Unavailable."""
        keys = self._store.keys
        async with self._store.guard(), self._store.redis.pipeline(transaction=True) as pipeline:
            for name in STATES:
                pipeline.zcard(keys.name(name))
            return dict(zip(STATES, await pipeline.execute(), strict=True))

    async def held(self) -> dict[str, str]:
        """Tickets in workers' hands -> the batch's token. Raises Unavailable."""
        ids = await self._store.command("ZRANGE", self._store.keys.name("processing"), 0, -1)
        tokens = {ticket_id: await self.record(ticket_id, "status", "lease_token") for ticket_id in ids}
        return {ticket_id: token for ticket_id, (status, token) in tokens.items() if status == "processing" and token}

    async def record(self, ticket_id: str, *names: str) -> list[str | None]:
        """Fields of one ticket. Raises Unavailable."""
        values: list[str | None] = await self._store.command(
            "HMGET", self._store.keys.name("ticket*", ticket_id), *names
        )
        return values

    async def look(self, books: Books) -> Findings:
        """Call while no client's request is under way. Raises Unavailable."""
        keys = self._store.keys
        categories = await self._store.command("SMEMBERS", keys.name("categories"))
        names = [keys.name(name) for name in STATES]
        names += [keys.name("desk*", agent) for agent in self._agents]
        names += [keys.name("unassigned*", category) for category in sorted(categories)]
        answer = await self._store.command(
            "EVAL", LOOK, len(names), *names, keys.name("ticket*", ""), *(status.value for status in STATES.values())
        )
        sets = {name: set(ids) for name, ids in zip(STATES, answer[:8], strict=True)}
        everywhere = set().union(*sets.values())
        twice, wrong, misplaced = answer[8:11]
        return Findings(
            sets,
            twice,
            wrong,
            misplaced,
            lost=sorted(set(books.accepted) - everywhere),
            unknown=sorted(everywhere - set(books.accepted)),
        )

    async def check_answers(self, books: Books, findings: Findings) -> None:
        """No ticket carries an answer that was refused. Raises Unavailable."""
        for ticket_id in findings.sets["resolved"]:
            (response,) = await self.record(ticket_id, "response")
            if response:
                books.check_response(ticket_id, response)

    async def alerts(self, findings: Findings) -> tuple[set[str], set[str]]:
        """(tickets and incidents an alert was written for, those of them that Slack refused for good). Raises Unavailable."""
        keys = self._store.keys
        due = set(await self._store.command("ZRANGE", keys.name("incidents"), 0, -1))
        for ticket_id in set().union(*findings.sets.values()):
            if (await self.record(ticket_id, "alerted_ms"))[0]:
                due.add(ticket_id)
        dead = {alert_id.partition(":")[2] for alert_id in await self._store.command("HKEYS", keys.name("alerts_dead"))}
        return due, dead

    async def attempts(self, ids: Sequence[str]) -> dict[str, int]:
        """How often each was taken by a worker. Raises Unavailable."""
        return {ticket_id: int((await self.record(ticket_id, "attempts"))[0] or 0) for ticket_id in ids}


def alerts_missing(due: set[str], refused: set[str], slack: RudeSlack) -> list[str]:
    """Alerts that were written and neither shown nor refused."""
    refused_by_slack = {name for post in slack.posts if post.answer.status == 403 for name in post.ids}
    return sorted(name for name in due if not slack.shown(name) and name not in (refused & refused_by_slack))
