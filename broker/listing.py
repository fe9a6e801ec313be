"""Looking at tickets without changing them. Never reads more than a page."""

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from broker import cursors
from broker.codec import to_ticket
from broker.errors import NotFound
from broker.events import Events
from broker.records import Page, Status, Ticket
from broker.store import Store

# /queue in its order: what can be pulled or is in an agent's hands, then what is being judged, then what waits for that.
SECTIONS = ("queue", "processing", "pending")
# Events may be missed while disconnected, so a waiter looks at the record this often too.
LOOK_EVERY_S = 1.0
# What a search may ask for: the fields that record.lua indexes.
FILTERS = ("status", "category", "urgency_label", "assigned_agent", "requester", "incident_id", "needs_review")
# Tickets read in one search, whatever the filters: a few pages, so that the rarest combination on the fullest Redis costs no more
# than a few common ones.
MOST_LOOKED_AT = 250
UNFINISHED = (Status.PENDING, Status.PROCESSING)


class Listing:
    def __init__(self, store: Store, events: Events) -> None:
        self._store = store
        self._events = events

    async def ticket(self, ticket_id: str) -> Ticket:
        """Raises NotFound."""
        async with self._store.guard():
            record = await self._store.redis.hgetall(self._store.keys.name("ticket*", ticket_id))
        if "status" not in record:
            raise NotFound(f"There is no ticket {ticket_id}.")
        return to_ticket(record)

    async def tickets(self, ids: Sequence[str]) -> list[Ticket]:
        """Those that exist, in this order, in one round trip."""
        async with self._store.guard(), self._store.redis.pipeline(transaction=False) as pipeline:
            for ticket_id in ids:
                pipeline.hgetall(self._store.keys.name("ticket*", ticket_id))
            records = await pipeline.execute()
        return [to_ticket(record) for record in records if "status" in record]

    async def queue(self, limit: int, cursor: str | None = None) -> Page[Ticket]:
        """Ready and claimed most urgent first, then processing and pending oldest first. Raises ValueError on a bad cursor.

        The cursor is a place in the order, not a count: what moves meanwhile is neither skipped nor shown twice by counting.
        """
        section, score, after = 0, -math.inf, ""
        if cursor is not None:
            place = cursors.decode(cursor, str, str, str)
            if place[0] not in SECTIONS:
                raise ValueError("not a cursor of ours")
            section, score, after = SECTIONS.index(str(place[0])), cursors.number(place[1]), str(place[2])
        found: list[str] = []
        while section < len(SECTIONS):
            rows = await self._after(SECTIONS[section], score, after, limit + 1 - len(found))
            found += [ticket_id for ticket_id, _ in rows]
            if len(found) > limit:
                last_id, last_score = rows[-2] if len(rows) > 1 else (after, score)
                return Page(
                    await self.tickets(found[:limit]), cursors.encode(SECTIONS[section], repr(last_score), last_id)
                )
            section, score, after = section + 1, -math.inf, ""
        return Page(await self.tickets(found), None)

    async def _after(self, name: str, score: float, after: str, count: int) -> list[tuple[str, float]]:
        """Up to `count` members behind (score, id), in order; Redis breaks ties by id, as we do."""
        key = self._store.keys.name(name)
        rows: list[tuple[str, float]] = []
        offset = 0
        while len(rows) < count:
            async with self._store.guard():
                page = await self._store.redis.zrangebyscore(
                    key, repr(score) if score > -math.inf else "-inf", "+inf", offset, count + 1, withscores=True
                )
            rows += [(member, at) for member, at in page if (at, member) > (score, after)]
            offset += len(page)
            if len(page) < count + 1:
                break
        return rows[:count]

    async def search(self, filters: Mapping[str, str], limit: int, cursor: str | None = None) -> Page[Ticket]:
        """Tickets that match every filter (`FILTERS`), newest first. Raises ValueError on a bad cursor, KeyError on a bad filter.

        Walks the smallest index and looks at no more than MOST_LOOKED_AT tickets a call, so a rare combination answers a short
        page with a cursor to go on with, rather than slowly.
        """
        for name in filters:
            if name not in FILTERS:
                raise KeyError(name)
        score, after = math.inf, ""
        if cursor is not None:
            place = cursors.decode(cursor, str, str)
            score, after = cursors.number(place[0]), str(place[1])
        key = await self._smallest_index(filters)
        found: list[Ticket] = []
        last = (after, score)  # behind which the next page begins
        looked_at = 0
        while looked_at < MOST_LOOKED_AT:
            rows = await self._before(key, score, after, limit + 1)
            if not rows:
                return Page(found, None)
            tickets = {ticket.ticket_id: ticket for ticket in await self.tickets([ticket_id for ticket_id, _ in rows])}
            for ticket_id, at in rows:
                ticket = tickets.get(ticket_id)
                if ticket is not None and all(_matches(ticket, name, value) for name, value in filters.items()):
                    if len(found) == limit:
                        return Page(found, cursors.encode(repr(last[1]), last[0]))
                    found.append(ticket)
                last = (ticket_id, at)
            looked_at += len(rows)
            after, score = last
        return Page(found, cursors.encode(repr(score), after))

    async def _smallest_index(self, filters: Mapping[str, str]) -> str:
        names = [f"{name}:{value}" for name, value in filters.items() if (name, value) != ("needs_review", "0")]
        if not names:
            return self._store.keys.name("index*", "all")
        keys = [self._store.keys.name("index*", name) for name in names]
        async with self._store.guard(), self._store.redis.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.zcard(key)
            sizes = await pipeline.execute()
        smallest: str = keys[sizes.index(min(sizes))]
        return smallest

    async def _before(self, key: str, score: float, after: str, count: int) -> list[tuple[str, float]]:
        """Up to `count` members before (score, id), newest first."""
        rows: list[tuple[str, float]] = []
        offset = 0
        newest = "+inf" if score == math.inf else repr(score)
        while len(rows) < count:
            async with self._store.guard():
                page = await self._store.redis.zrevrangebyscore(key, newest, "-inf", offset, count + 1, withscores=True)
            rows += [(member, at) for member, at in page if score == math.inf or (at, member) < (score, after)]
            offset += len(page)
            if len(page) < count + 1:
                break
        return rows[:count]

    async def wait_finished(self, ticket_id: str, timeout_s: float) -> Ticket:
        """The ticket once it is judged, or as it stands when time is up. Raises NotFound."""
        deadline = time.monotonic() + timeout_s
        async with self._events.about(ticket_id) as changed:
            while True:
                changed.clear()
                ticket = await self.ticket(ticket_id)
                left = deadline - time.monotonic()
                if ticket.status not in UNFINISHED or left <= 0:
                    return ticket
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(left, LOOK_EVERY_S)):
                        await changed.wait()


def _matches(ticket: Ticket, name: str, value: str) -> bool:
    if name == "needs_review":
        return bool(ticket.needs_review) == (value == "1")
    return bool(getattr(ticket, name) == value)
