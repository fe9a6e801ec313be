"""Examples to learn categories from: what a model saw in a ticket, and the category that a person left on it. No text.

A correction is due until a worker has read the ticket with its model. What a worker has read is kept in Redis, numbered in the order
of its arrival; the worker that fits holds a copy. An example stays when its ticket expires: it is numbers and a label.
"""

import base64
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker.codec import to_ticket
from broker.records import Ticket
from broker.store import Store

# Of each kind, the newest: more teach hardly anything, and a product changes.
MOST_EXAMPLES = 5_000
# After an upgrade of the models, as many of the newest are read once more: a few minutes' work beside fresh tickets.
MOST_READ_AGAIN = 1_000

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Example:
    """`corrected`: the category was set by a person; otherwise the ticket was resolved as it was judged.

    `chances` (k,) and `vector` (d,) compare only inside one `space`.
    """

    ticket_id: str
    corrected: bool
    label: str
    space: str
    chances: FloatArray
    vector: FloatArray


class Examples:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[int, Example]] = {}

    async def due(self, most: int) -> list[Ticket]:
        """Corrected tickets still to be read, oldest first. They stay due until `keep`. Raises Unavailable."""
        key = self._store.keys.name("lessons_due")
        async with self._store.guard():
            ids = await self._store.redis.zrange(key, 0, most - 1)
            async with self._store.redis.pipeline(transaction=False) as pipeline:
                for ticket_id in ids:
                    pipeline.hgetall(self._store.keys.name("ticket*", ticket_id))
                records = await pipeline.execute()
            gone = [ticket_id for ticket_id, record in zip(ids, records, strict=True) if not record]
            if gone:
                await self._store.redis.zrem(key, *gone)
        return [to_ticket(record) for record in records if record]

    async def keep(self, ticket_id: str, space: str, chances: FloatArray, vector: FloatArray, *, due: bool) -> None:
        """Makes an example of a ticket that was due, or that was resolved as it was judged. Raises Unavailable."""
        evidence = json.dumps([space, _packed(chances), _packed(vector)])
        await self._store.verb("keep", ticket_id, evidence, "due" if due else "answered", MOST_EXAMPLES)

    async def pass_over(self, ticket_id: str) -> None:
        """Nothing can be learned from this ticket, such as one without a word. Raises Unavailable."""
        await self._store.command("ZREM", self._store.keys.name("lessons_due"), ticket_id)

    async def all(self) -> list[Example]:
        """Every example that counts, oldest first, corrections before agreements. Raises Unavailable."""
        known: dict[str, tuple[int, Example]] = {}
        for order, corrected in (("examples_corrected", True), ("examples_agreed", False)):
            async with self._store.guard():
                numbered = await self._store.redis.zrange(self._store.keys.name(order), 0, -1, withscores=True)
                fresh = [name for name, number in numbered if self._known.get(name, (0,))[0] != int(number)]
                packed = await self._store.redis.hmget(self._store.keys.name("examples"), fresh) if fresh else []
            read = {
                name: _example(name, one, corrected=corrected) for name, one in zip(fresh, packed, strict=True) if one
            }
            for name, number in numbered:
                if name in read:
                    known[name] = (int(number), read[name])
                elif name in self._known:
                    known[name] = self._known[name]
        self._known = known
        return [example for _, example in known.values()]

    async def read_again(self, space: str) -> int:
        """Those of other spaces, after an upgrade, become due again while their tickets are there; how many. Raises Unavailable."""
        foreign = [name for name, (_, example) in self._known.items() if example.space != space][-MOST_READ_AGAIN:]
        if foreign:
            now_ms = await self._store.now_ms()
            async with self._store.guard():
                key = self._store.keys.name("lessons_due")
                await self._store.redis.zadd(key, dict.fromkeys(foreign, now_ms))
        return len(foreign)


def _packed(numbers: FloatArray) -> str:
    """Float16 halves the bytes; cosines move by less than .001, chances by less than a thousandth of themselves."""
    return base64.b64encode(numbers.astype(np.float16).tobytes()).decode()


def _example(ticket_id: str, packed: str, *, corrected: bool) -> Example:
    stored = json.loads(packed)
    space, chances, vector = json.loads(stored["evidence"])
    numbers = [np.frombuffer(base64.b64decode(one), np.float16).astype(np.float32) for one in (chances, vector)]
    return Example(ticket_id, corrected, stored["label"], space, *numbers)
