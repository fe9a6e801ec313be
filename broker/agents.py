"""Who answers tickets: skills, capacity, presence. Load is never stored, it is what lies on the desk and in the hands."""

import json
from collections.abc import Mapping, Sequence

from broker.codec import moment
from broker.errors import NotFound
from broker.records import Agent, Presence
from broker.scripts import Code, problem
from broker.store import Store

MOST_MOVED = 100  # tickets reassigned in one call, so that no call holds Redis for long


def _record(agent: Agent) -> str:
    return json.dumps({"skills": dict(agent.skills), "capacity": agent.capacity, "status": agent.status})


class AgentDirectory:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, agent: Agent) -> bool:
        """Creates (True) or changes. Free slots take waiting tickets at once; one set offline gives unclaimed ones back."""
        code, _, _ = await self._store.verb("agent_put", agent.name, _record(agent), "put")
        return bool(code == Code.CREATED)

    async def seed(self, agents: Sequence[Agent]) -> None:
        """Creates those never created before: an agent deleted by hand stays deleted over restarts."""
        for agent in agents:
            await self._store.verb("agent_put", agent.name, _record(agent), "seed")

    async def heartbeat(self, name: str, status: Presence) -> Agent:
        """Raises NotFound."""
        answer = await self._store.verb("agent_put", name, status.value, "status")
        if answer[0] == Code.NOT_FOUND:
            raise problem(Code.NOT_FOUND, f"agent {name}")
        return await self.get(name)

    async def delete(self, name: str) -> None:
        """Their unclaimed tickets are assigned anew. Raises NotFound."""
        code, left = await self._store.verb("agent_delete", name, MOST_MOVED)
        if code == Code.NOT_FOUND:
            raise problem(code, f"agent {name}")
        while left:
            _, left = await self._store.verb("agent_delete", name, MOST_MOVED)

    async def get(self, name: str) -> Agent:
        """Raises NotFound."""
        record = await self._store.command("HGET", self._store.keys.name("agents"), name)
        if record is None:
            raise NotFound(f"There is no agent {name}.")
        return (await self._agents({name: record}))[0]

    async def list(self) -> list[Agent]:
        async with self._store.guard():
            records = await self._store.redis.hgetall(self._store.keys.name("agents"))
        return [*await self._agents(records)]

    async def _agents(self, records: Mapping[str, str]) -> Sequence[Agent]:
        names = sorted(records)
        async with self._store.guard(), self._store.redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.zcard(self._store.keys.name("desk*", name))
                pipeline.scard(self._store.keys.name("hands*", name))
                pipeline.zscore(self._store.keys.name("agents_seen"), name)
            answers = await pipeline.execute()
        found = []
        for place, name in enumerate(names):
            desk, hands, seen_ms = answers[3 * place : 3 * place + 3]
            known = json.loads(records[name])
            seen = moment(seen_ms) if seen_ms is not None else None
            found.append(
                Agent(name, dict(known["skills"]), known["capacity"], Presence(known["status"]), desk + hands, seen)
            )
        return found
