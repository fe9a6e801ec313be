"""Long polls for the next ticket: hundreds wait in one process at the cost of one, and a ticket wakes exactly one.

A ticket on somebody's desk wakes that agent's poll, else one without a name. One that is nobody's wakes the first in line, and
whoever was woken in vain (no skill for it, or another process was faster) passes the turn on to the next.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from broker.errors import Unavailable
from broker.events import Event, Events
from broker.records import Status
from broker.store import Store

# Pub/sub may lose a message while it reconnects, so somebody looks this often: one command a second for the whole process.
LOOK_EVERY_S = 1.0


class Poll:
    """One who waits."""

    def __init__(self, agent: str | None) -> None:
        self.agent = agent
        self.turn = asyncio.Event()


class Line:
    """Everybody who waits in this process, in the order they came."""

    def __init__(self, store: Store, events: Events) -> None:
        self._store = store
        self._events = events
        self._polls: dict[Poll, None] = {}  # a dict keeps the order and removes in one step
        self._watch: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def stand(self, agent: str | None) -> AsyncIterator[Poll]:
        """In line from here on; leaving it passes a turn on that was given and not used."""
        poll = Poll(agent)
        self._polls[poll] = None
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._keep_watch())
        try:
            yield poll
        finally:
            del self._polls[poll]
            if poll.turn.is_set():
                self._wake_first()

    def in_vain(self, poll: Poll) -> None:
        """Nothing there for this one: the turn goes to the one behind."""
        poll.turn.clear()
        behind = False
        for other in self._polls:
            if behind and not other.turn.is_set():
                other.turn.set()
                return
            behind = behind or other is poll

    async def _keep_watch(self) -> None:
        """Runs while anybody waits."""
        async with self._events.listen(self._hear):
            while self._polls:
                await asyncio.sleep(LOOK_EVERY_S)
                with suppress(Unavailable):
                    if await self._store.command("ZCARD", self._store.keys.name("ready")):
                        self._wake_first()

    def _hear(self, event: Event) -> None:
        if event["status"] != Status.COMPLETED:
            return
        if not event["agent"]:
            self._wake_first()
            return
        for wanted in (event["agent"], None):
            for poll in self._polls:
                if poll.agent == wanted and not poll.turn.is_set():
                    poll.turn.set()
                    return

    def _wake_first(self) -> None:
        for poll in self._polls:
            if not poll.turn.is_set():
                poll.turn.set()
                return
