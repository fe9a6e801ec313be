"""News of tickets as they change: one pub/sub connection a process, however many listen.

Pub/sub forgets what is said while we are disconnected, so each change also goes into a short stream: a follower that comes back
says which event it saw last and gets what it missed. Whoever waits for one ticket looks at the record as well.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypedDict

from broker.errors import BrokerError, Unavailable
from broker.store import Store

# Events a follower may be behind before it is given up: memory stays bounded, and nobody waits for the slowest.
MOST_BEHIND = 5_000
# What is caught up with in one go; the stream keeps about as many.
MOST_MISSED = 10_000
RECONNECT_PAUSE_S = 0.5
CLOSE_PAUSE_S = 0.1
LISTEN_S = 1.0


class Event(TypedDict):
    """`event_id` grows; `agent` is whose desk a completed ticket lies on, or empty."""

    event_id: str
    ticket_id: str
    status: str
    agent: str


class TooFarBehind(BrokerError):
    """The follower did not keep up."""


class Gone(BrokerError):
    """What was missed is no longer kept: look at the tickets anew."""


def order(event_id: str) -> tuple[int, int]:
    """Sorts event ids. Raises ValueError if it is none."""
    ms, _, number = event_id.partition("-")
    return int(ms), int(number)


class Events:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: set[Callable[[Event], None]] = set()
        self._about: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()
        # The newest event heard, to ask for what was said while the connection was down.
        self._heard: str | None = None

    @asynccontextmanager
    async def listen(self, hear: Callable[[Event], None]) -> AsyncIterator[None]:
        """`hear` is called with each event from now on. Redis being away only delays the beginning."""
        await self._connect()
        self._listeners.add(hear)
        try:
            yield
        finally:
            self._listeners.discard(hear)

    @asynccontextmanager
    async def about(self, ticket_id: str) -> AsyncIterator[asyncio.Event]:
        """Set whenever this ticket changes; the waiter clears it."""
        await self._connect()
        changed = asyncio.Event()
        self._about[ticket_id].add(changed)
        try:
            yield changed
        finally:
            self._about[ticket_id].discard(changed)
            if not self._about[ticket_id]:
                del self._about[ticket_id]

    @asynccontextmanager
    async def follow(self, after: str | None = None) -> AsyncIterator[AsyncIterator[Event]]:
        """Every event from now on, or from behind event `after`, each once and in order.

        The iterator raises TooFarBehind. Raises Gone when `after` is too old, ValueError when it is no event id, Unavailable.
        """
        # None in the queue: something was lost, the follower has to begin anew.
        queue: asyncio.Queue[Event | None] = asyncio.Queue()

        def hear(event: Event) -> None:
            if queue.qsize() < MOST_BEHIND:
                queue.put_nowait(event)
            elif queue.qsize() == MOST_BEHIND:
                queue.put_nowait(None)

        async with self.listen(hear):
            missed = await self._missed(after) if after is not None else []
            yield self._iterate(queue, missed, order(after) if after is not None else (0, 0))

    async def _iterate(
        self, queue: "asyncio.Queue[Event | None]", missed: list[Event], seen: tuple[int, int]
    ) -> AsyncIterator[Event]:
        for event in missed:
            seen = order(event["event_id"])
            yield event
        while True:
            news = await queue.get()
            if news is None:
                raise TooFarBehind(f"more than {MOST_BEHIND} changes behind")
            if order(news["event_id"]) > seen:
                seen = order(news["event_id"])
                yield news

    async def _missed(self, after: str) -> list[Event]:
        key = self._store.keys.name("news")
        ms, number = order(after)
        async with self._store.guard():
            oldest = await self._store.redis.xrange(key, "-", "+", count=1)
            rows = await self._store.redis.xrange(key, f"({ms}-{number}", "+", count=MOST_MISSED)
        if oldest and order(oldest[0][0]) > (ms, number):
            raise Gone("That was too long ago.")
        return [
            Event(event_id=event_id, ticket_id=told["ticket_id"], status=told["status"], agent=told["agent"])
            for event_id, told in rows
        ]

    async def latest(self) -> str:
        """The id of the newest event: what a new follower has seen."""
        async with self._store.guard():
            rows = await self._store.redis.xrevrange(self._store.keys.name("news"), "+", "-", count=1)
        return str(rows[0][0]) if rows else "0-0"

    async def close(self) -> None:
        # More than once: a cancellation may get lost inside redis-py (see Guard), and the listener never ends by itself.
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=CLOSE_PAUSE_S)

    async def _connect(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._hear())
        with suppress(TimeoutError):
            async with asyncio.timeout(LISTEN_S):
                await self._connected.wait()

    async def _hear(self) -> None:
        while True:
            try:
                async with self._store.guard(), self._store.redis.pubsub() as channel:
                    await channel.subscribe(self._store.keys.name("events"))
                    while True:
                        message = await channel.get_message(timeout=LISTEN_S)
                        if message is None:
                            continue
                        if message["type"] == "subscribe":
                            await self._catch_up()
                            self._connected.set()
                        elif message["type"] == "message":
                            self._spread(json.loads(message["data"]))
            except Unavailable:
                self._connected.clear()
                await asyncio.sleep(RECONNECT_PAUSE_S)

    async def _catch_up(self) -> None:
        """What was said while this process was not listening; followers drop what they know already."""
        if self._heard is None:
            self._heard = await self.latest()
            return
        try:
            for event in await self._missed(self._heard):
                self._spread(event)
        except Gone:  # more than the stream keeps: whoever waits for a ticket looks at its record as well
            self._heard = await self.latest()

    def _spread(self, event: Event) -> None:
        self._heard = event["event_id"]
        for hear in [*self._listeners]:
            hear(event)
        for changed in self._about.get(event["ticket_id"], ()):
            changed.set()
