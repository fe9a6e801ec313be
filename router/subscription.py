"""From the broker's events to one listener's messages: what it asked for, each record fetched once a batch, never without bound."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

from broker import Broker
from broker.events import Event, Gone, order
from router.hangup import ended
from router.socket_messages import RESYNC, SubscribeIn, subscribed, ticket_updated

# A person does not see it, and a burst of changes to one ticket becomes one message.
GATHER_S = 0.02
# Tickets in one fetch. While so many wait to be sent none is added: the broker keeps the next few thousand events and gives
# the listener up behind that.
BATCH_MAX = 50

Say = Callable[[str], Awaitable[None]]


class Subscription:
    def __init__(self, broker: Broker, wanted: SubscribeIn, say: Say) -> None:
        self._broker = broker
        self._after = wanted.after
        self._ids = None if wanted.ticket_ids is None else frozenset(wanted.ticket_ids)
        self._say = say
        self.begun = asyncio.Event()
        self._waiting: dict[str, str] = {}  # ticket id -> its newest event, oldest first
        self._some = asyncio.Event()
        self._room = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. Raises Unavailable, TooFarBehind, and what `say` raises."""
        async with AsyncExitStack() as stack:
            news = await self._follow(stack)
            self.begun.set()
            gathering = asyncio.create_task(self._gather(news))
            stack.push_async_callback(ended, gathering)
            gathering.add_done_callback(self._no_more)
            while True:
                await self._some.wait()
                self._some.clear()
                if gathering.done():
                    await gathering  # it only ends by raising
                await asyncio.sleep(GATHER_S)
                await self._tell()

    def _no_more(self, gathering: "asyncio.Task[None]") -> None:
        if not gathering.cancelled():
            gathering.exception()  # seen, also if nobody is left to raise it to
        self._some.set()

    async def _follow(self, stack: AsyncExitStack) -> AsyncIterator[Event]:
        """Follows first and then says from where on, so that nothing falls in between."""
        events = self._broker.events
        newest = await events.latest()
        if self._after is not None and order(self._after) <= order(newest):
            try:
                news = await stack.enter_async_context(events.follow(self._after))
            except Gone:
                pass
            else:
                await self._say(subscribed(self._after))
                return news
        news = await stack.enter_async_context(events.follow())
        await self._say(subscribed(await events.latest()))
        if self._after is not None:  # too old, or younger than anything: Redis has lost it
            await self._say(RESYNC)
        return news

    async def _gather(self, news: AsyncIterator[Event]) -> None:
        async for event in news:
            ticket_id = event["ticket_id"]
            if self._ids is not None and ticket_id not in self._ids:
                continue
            self._waiting.pop(ticket_id, None)
            self._waiting[ticket_id] = event["event_id"]
            self._some.set()
            if len(self._waiting) >= BATCH_MAX:
                self._room.clear()
                await self._room.wait()

    async def _tell(self) -> None:
        batch, self._waiting = self._waiting, {}
        self._room.set()
        for ticket in await self._broker.listing.tickets([*batch]):
            await self._say(ticket_updated(batch[ticket.ticket_id], ticket))
