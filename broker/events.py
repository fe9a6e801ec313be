"""News of tickets as they change, over Redis pub/sub: one connection a process, however many wait.

Pub/sub forgets: what is said while we are disconnected is not heard. Whoever waits for one ticket therefore looks at the record as well.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from broker.errors import Unavailable
from broker.store import Store

log = logging.getLogger(__name__)

Event = dict[str, str]

# Events a slow listener may fall behind before the oldest are dropped: memory stays bounded, and a listener that missed
# some looks the ticket up.
MOST_QUEUED = 1_000
RECONNECT_PAUSE_S = 0.5
LISTEN_S = 1.0


class Events:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._queues: set[asyncio.Queue[Event]] = set()
        self._listener: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Queue[Event]]:
        """A queue of {"ticket_id", "status"} from now on. Returns at once when Redis is away; news follow when it is back."""
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._listening.wait(), LISTEN_S)
        queue: asyncio.Queue[Event] = asyncio.Queue(MOST_QUEUED)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    async def close(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener

    async def _listen(self) -> None:
        while True:
            try:
                async with self._store.guard(), self._store.redis.pubsub() as channel:
                    await channel.subscribe(self._store.keys.name("events"))
                    while True:
                        message = await channel.get_message(timeout=LISTEN_S)
                        if message is None:
                            continue
                        if message["type"] == "subscribe":
                            self._listening.set()
                        elif message["type"] == "message":
                            self._spread(json.loads(message["data"]))
            except Unavailable:
                self._listening.clear()
                await asyncio.sleep(RECONNECT_PAUSE_S)

    def _spread(self, event: Event) -> None:
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)
