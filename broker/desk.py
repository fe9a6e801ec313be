"""The agent's side: pull the next ticket under a lease, and what its holder may do."""

import asyncio
import time
from contextlib import suppress

from broker.events import Events
from broker.listing import LOOK_EVERY_S, Listing
from broker.records import Status, Ticket
from broker.scripts import Code, problem
from broker.store import Store, new_token


class Desk:
    def __init__(self, store: Store, events: Events, listing: Listing, *, lease_s: float) -> None:
        self._store = store
        self._events = events
        self._listing = listing
        self._lease_ms = int(lease_s * 1000)

    async def next(self, agent: str | None = None, wait_s: float = 0) -> Ticket | None:
        """Leases the most urgent ready ticket that is this agent's or fits them; without a name, the most urgent of all.

        Waits up to `wait_s` for one. None: nothing ready. Raises NotFound for an unknown agent, Unavailable.
        """
        ticket = await self._pull(agent)
        if ticket is not None or wait_s <= 0:
            return ticket
        deadline = time.monotonic() + wait_s
        async with self._events.subscribe() as news:
            while ticket is None and (left := deadline - time.monotonic()) > 0:
                ticket = await self._pull(agent)
                if ticket is None:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(min(left, LOOK_EVERY_S)):
                            while (await news.get())["status"] != Status.COMPLETED:
                                pass
        return ticket

    async def _pull(self, agent: str | None) -> Ticket | None:
        token = new_token()
        # Shielded: a client that hangs up now must not leave a lease that nobody knows of; it is made, then given back.
        pull = asyncio.ensure_future(self._store.verb("next", self._lease_ms, token, agent or ""))
        try:
            answer = await asyncio.shield(pull)
        except asyncio.CancelledError:
            answer = await pull
            if answer[0] == Code.DONE:
                await self._store.verb("release", token, answer[1])
            raise
        if answer[0] == Code.NO_AGENT:
            raise problem(Code.NO_AGENT, f"agent {agent}")
        return await self._listing.ticket(answer[1]) if answer[0] == Code.DONE else None

    async def resolve(self, ticket_id: str, token: str, response: str | None = None) -> Ticket:
        """Done; `response` is what was sent. Raises NotFound, StaleLease, WrongState."""
        return await self._act("resolve", ticket_id, token, "0" if response is None else "1", response or "")

    async def release(self, ticket_id: str, token: str) -> Ticket:
        """Back to its old place in the queue. Raises NotFound, StaleLease, WrongState."""
        return await self._act("release", ticket_id, token)

    async def extend(self, ticket_id: str, token: str) -> Ticket:
        """A whole new lease from now. Raises NotFound, StaleLease, WrongState."""
        return await self._act("extend", ticket_id, token, self._lease_ms)

    async def _act(self, verb: str, ticket_id: str, token: str, *words: str | int) -> Ticket:
        code = await self._store.verb(verb, token, ticket_id, *words)
        if code != Code.DONE:
            raise problem(code, f"ticket {ticket_id}")
        return await self._listing.ticket(ticket_id)
