"""What was answered before: the texts that resolved tickets were closed with, found again by similarity.

Resolving puts a ticket's id on a list; a worker gives it a fingerprint and keeps question and answer together. Each worker holds a
copy of the fingerprints and compares locally.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker.codec import to_ticket
from broker.records import Ticket
from broker.store import Store
from broker.vectors import Space, pack, unpack

# Newest answers kept: enough for a product's recurring questions; all of them are compared in a fraction of a millisecond.
MOST_ANSWERS = 2_000


@dataclass(frozen=True, slots=True)
class Precedent:
    """An earlier ticket like this one. `similarity` is the cosine."""

    ticket_id: str
    similarity: float
    response: str


class Answers:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._version = 0
        self._spaces: dict[str, Space] = {}
        self._responses: dict[str, str] = {}

    async def to_learn(self, most: int) -> list[Ticket]:
        """Resolved tickets, with an answer or without, handed out once: one lost with its worker is no loss worth a lease."""
        key = self._store.keys.name("answered")
        async with self._store.guard():
            ids = await self._store.redis.rpop(key, most) or []
            async with self._store.redis.pipeline(transaction=False) as pipeline:
                for ticket_id in ids:
                    pipeline.hgetall(self._store.keys.name("ticket*", ticket_id))
                records = await pipeline.execute()
        return [to_ticket(record) for record in records if record]

    async def learn(self, ticket_id: str, space: str, vector: NDArray[np.float32], response: str) -> None:
        """Keeps one answer, and forgets the oldest beyond MOST_ANSWERS."""
        answers, order = self._store.keys.name("answers"), self._store.keys.name("answers_order")
        packed = json.dumps({"fingerprint": pack(space, vector), "response": response})
        now_ms = await self._store.now_ms()
        async with self._store.guard():
            async with self._store.redis.pipeline(transaction=True) as pipeline:
                pipeline.hset(answers, ticket_id, packed)
                pipeline.zadd(order, {ticket_id: now_ms})
                pipeline.zrange(order, 0, -MOST_ANSWERS - 1)
                *_, excess = await pipeline.execute()
            if excess:
                await self._store.redis.hdel(answers, *excess)
                await self._store.redis.zrem(order, *excess)

    async def refresh(self) -> None:
        """Brings this process's copy up to date. Raises Unavailable."""
        order = self._store.keys.name("answers_order")
        async with self._store.guard():
            # The newest known is read again: several may share its millisecond.
            rows = await self._store.redis.zrangebyscore(order, self._version, "+inf", withscores=True)
            fresh = [ticket_id for ticket_id, _ in rows if ticket_id not in self._responses]
            packed = await self._store.redis.hmget(self._store.keys.name("answers"), fresh) if fresh else []
        for ticket_id, one in zip(fresh, packed, strict=True):
            if one:
                known = json.loads(one)
                space, vector = unpack(known["fingerprint"])
                self._spaces.setdefault(space, Space(len(vector))).add(ticket_id, vector)
                self._responses[ticket_id] = known["response"]
        if rows:
            self._version = int(rows[-1][1])
        self._forget()

    def nearest(self, space: str, vector: NDArray[np.float32], threshold: float) -> Precedent | None:
        """The most similar one from cosine `threshold` on, in this process's copy."""
        known = self._spaces.get(space)
        found = known.nearest(vector, threshold) if known else None
        return Precedent(found[0], found[1], self._responses[found[0]]) if found else None

    def _forget(self) -> None:
        excess: Sequence[str] = [*self._responses][: max(0, len(self._responses) - MOST_ANSWERS)]
        for ticket_id in excess:
            del self._responses[ticket_id]
            for space in self._spaces.values():
                space.drop(ticket_id)
