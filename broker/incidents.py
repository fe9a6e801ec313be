"""Floods of near-duplicates as one thing: opened by fold.lua, looked at and settled here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from broker.codec import moment
from broker.errors import NotFound, WrongState
from broker.paging import newest_first
from broker.records import Page
from broker.scripts import Code, problem
from broker.store import Store

# Members settled in one call: a flood of thousands must not hold Redis for long.
MOST_SETTLED = 200
MOST_MEMBERS_SHOWN = 100


class IncidentStatus(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Incident:
    """`members`: the first hundred ticket ids in the order they came; `count`: all of them."""

    incident_id: str
    status: IncidentStatus
    category: str | None
    summary: str | None
    count: int
    first_seen_at: datetime
    last_seen_at: datetime
    members: list[str]
    silenced_until: datetime | None = None


class Incidents:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, incident_id: str) -> Incident:
        """Raises NotFound."""
        found = await self._incidents([incident_id])
        if not found:
            raise NotFound(f"There is no incident {incident_id}.")
        return found[0]

    async def list(self, limit: int, cursor: str | None = None) -> Page[Incident]:
        """Newest first. Raises ValueError on a bad cursor."""
        ids, onwards = await newest_first(self._store, self._store.keys.name("incidents"), limit, cursor)
        return Page([*await self._incidents(ids)], onwards)

    async def acknowledge(self, incident_id: str) -> Incident:
        """Somebody looks at it. Raises NotFound, WrongState when it is resolved."""
        incident = await self.get(incident_id)
        if incident.status is IncidentStatus.RESOLVED:
            raise WrongState(f"Incident {incident_id} is resolved. Nothing was changed.")
        await self._store.command("HSET", self._store.keys.name("incident*", incident_id), "status", "acknowledged")
        return await self.get(incident_id)

    async def silence(self, incident_id: str, until: datetime) -> Incident:
        """No alert tells of it before `until` (aware). Raises NotFound."""
        await self.get(incident_id)
        until_ms = int(until.timestamp() * 1000)
        await self._store.command("HSET", self._store.keys.name("incident*", incident_id), "silenced_ms", until_ms)
        return await self.get(incident_id)

    async def remove(self, incident_id: str, ticket_id: str) -> None:
        """A ticket that does not belong: if it was folded it goes back to the queue. Raises NotFound."""
        code = await self._store.verb("incident_remove", incident_id, ticket_id)
        if code != Code.DONE:
            raise problem(code, f"ticket {ticket_id} in incident {incident_id}")

    async def resolve(self, incident_id: str) -> Incident:
        """Settles every member that no agent holds. Repeating it is harmless. Raises NotFound."""
        looked_at = 0
        while True:
            code, batch, members = await self._store.verb("incident_resolve", incident_id, MOST_SETTLED, looked_at)
            if code != Code.DONE:
                raise problem(code, f"incident {incident_id}")
            looked_at += batch
            if not batch or looked_at >= members:
                return await self.get(incident_id)

    async def finish_resolving(self) -> int:
        """Goes on with resolutions that were cut short. Returns how many."""
        async with self._store.guard():
            unfinished = await self._store.redis.smembers(self._store.keys.name("resolving"))
        for incident_id in unfinished:
            await self.resolve(incident_id)
        return len(unfinished)

    async def _incidents(self, ids: Sequence[str]) -> Sequence[Incident]:
        async with self._store.guard(), self._store.redis.pipeline(transaction=False) as pipeline:
            for incident_id in ids:
                members = self._store.keys.name("members*", incident_id)
                pipeline.hgetall(self._store.keys.name("incident*", incident_id))
                pipeline.zcard(members)
                pipeline.zrange(members, 0, MOST_MEMBERS_SHOWN - 1)
            answers = await pipeline.execute()
        return [
            Incident(
                record["incident_id"],
                IncidentStatus(record["status"]),
                record.get("category") or None,
                record.get("summary") or None,
                count,
                moment(int(record["first_ms"])),
                moment(int(record["last_ms"])),
                members,
                moment(int(record["silenced_ms"])) if "silenced_ms" in record else None,
            )
            for record, count, members in zip(answers[::3], answers[1::3], answers[2::3], strict=True)
            if record
        ]
