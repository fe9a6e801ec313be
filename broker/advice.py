"""What optional models add to tickets that wait for an agent: a draft in the template's place, a second opinion on the category.

A worker that has such models says so with the outcome (`Outcome.wanted`); the ticket's id then waits by priority in `advice:KIND`.
Whoever takes it out has it alone, once: advice that is lost with its worker is no loss worth a lease. It is written only where the
ticket still stands as the model saw it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from broker.codec import to_ticket
from broker.records import Status, Ticket
from broker.scripts import Code
from broker.store import Store

DRAFT, OPINION = "draft", "opinion"

# Those taken out that no agent could pull any more are passed over, so many portions at a time.
MOST_PORTIONS = 10
# A draft is written over nothing but the template of this category, on a ticket that nobody has answered.
DRAFT_RESTS_ON = ("category", "priority", "draft_source", "response")
# An edit by a person clears `needs_review`; another verdict changes the model's version.
OPINION_RESTS_ON = ("ai_status", "needs_review", "category", "priority", "model_version", "draft_source")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ready ticket as it was seen; `record` holds the very words in Redis."""

    ticket: Ticket
    record: Mapping[str, str]

    def seen(self, names: Sequence[str]) -> list[str]:
        """name, value, ... for the scripts that look whether it still stands so."""
        return [word for name in names for word in (name, self.record.get(name, ""))]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a second opinion changes. The drafts are None where they stay."""

    category: str
    confidence: float
    needs_review: bool
    reasons: tuple[str, ...]
    engine: str
    model_version: str
    draft_response: str | None = None
    draft_source: str | None = None
    wanted: tuple[str, ...] = ()


class Advice:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def take(self, kind: str, most: int) -> list[Waiting]:
        """Up to `most` ready tickets that want this kind, most urgent first; nobody else gets them again. Raises Unavailable."""
        key = self._store.keys.name("advice*", kind)
        found: list[Waiting] = []
        for _ in range(MOST_PORTIONS):
            async with self._store.guard():
                popped = await self._store.redis.zpopmin(key, most - len(found))
                async with self._store.redis.pipeline(transaction=False) as pipeline:
                    for ticket_id, _priority in popped:
                        pipeline.hgetall(self._store.keys.name("ticket*", ticket_id))
                    records = await pipeline.execute()
            waiting = [Waiting(to_ticket(record), record) for record in records if record]
            found += [one for one in waiting if one.ticket.status is Status.COMPLETED]
            if not popped or len(found) == most:
                break
        return found

    async def draft(self, waiting: Waiting, response: str, source: str) -> Code:
        """DONE; WRONG_STATE, and nothing changed, where it was pulled, settled or edited meanwhile. Raises Unavailable."""
        seen = waiting.seen(DRAFT_RESTS_ON)
        return Code(await self._store.verb("draft", waiting.ticket.ticket_id, response, source, *seen))

    async def reread(self, waiting: Waiting, reading: Reading) -> Code:
        """Another category or confidence; S, and with it the alert, stays as it is. As `draft` otherwise."""
        fields = {
            "category": reading.category,
            "confidence": f"{reading.confidence:.4f}",
            "needs_review": "1" if reading.needs_review else "0",
            "reasons": json.dumps(reading.reasons),
            "engine": reading.engine,
            "model_version": reading.model_version,
        }
        if reading.draft_response is not None:
            fields |= {"draft_response": reading.draft_response, "draft_source": reading.draft_source or ""}
        outcome = {
            "id": waiting.ticket.ticket_id,
            "priority": float(waiting.record["priority"]),
            "category": reading.category,
            "engine": reading.engine,
            "alert": False,
            "seen": waiting.seen(OPINION_RESTS_ON),
            "wanted": list(reading.wanted),
            "fields": [word for pair in fields.items() for word in pair],
        }
        (code,) = await self._store.verb("rescore", json.dumps(outcome))
        return Code(code)
