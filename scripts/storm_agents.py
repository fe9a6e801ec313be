"""Agents who pull with long polls and resolve at once, while it rains. They leave other people's tickets as they found them."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from scripts.storm_books import Books
from scripts.storm_histogram import Histogram
from scripts.storm_sample import Sample
from scripts.storm_wire import Answer, Pool

# Short enough that agents notice the end of the storm soon.
POLL_S = 2
PAUSE_S = 0.2


class Agents:
    """They pull in nobody's name, so no agent is made and no skill decides. A resolve has no response: nothing is learned from it."""

    def __init__(self, pool: Pool, books: Books, sample: Sample) -> None:
        self.accept_to_pull = Histogram()
        self.resolve = Histogram()
        self.handled: Counter[str] = Counter()
        self.troubles: Counter[str] = Counter()
        # A ticket that is not this storm's is held until its end, or it would come straight back, and released then.
        self.foreign: dict[str, str] = {}
        self._pool = pool
        self._books = books
        self._sample = sample
        self._stopping = False
        self._working: list[asyncio.Task[None]] = []

    @property
    def handled_twice(self) -> int:
        return sum(count > 1 for count in self.handled.values())

    def start(self, number: int) -> None:
        self._working = [asyncio.create_task(self._work()) for _ in range(number)]

    async def stop(self) -> None:
        """Ends the polls as they return, and gives back what is not ours."""
        self._stopping = True
        await asyncio.gather(*self._working)
        waiting = iter(self.foreign.items())
        await asyncio.gather(*(self._give_back(waiting) for _ in self._working))

    async def _give_back(self, tickets: Iterator[tuple[str, str]]) -> None:
        for ticket_id, token in tickets:
            answer = await self._act(ticket_id, "release", token)
            if answer.status != 200:
                self.troubles[f"release: {answer.status or answer.trouble}"] += 1

    async def _work(self) -> None:
        while not self._stopping:
            answer = await self._pool.fetch("POST", f"/tickets/next?wait={POLL_S}")
            if answer.status == 200:
                await self._handle(json.loads(answer.body))
            elif answer.status != 204:
                self.troubles[f"next: {answer.status or answer.trouble}"] += 1
                await asyncio.sleep(PAUSE_S)

    async def _handle(self, ticket: dict[str, object]) -> None:
        ticket_id, lease = str(ticket["ticket_id"]), ticket["lease"]
        token = str(lease.get("token", "")) if isinstance(lease, dict) else ""
        if not self._books.is_ours(ticket_id):
            self.foreign[ticket_id] = token
            return
        pulled, created = (datetime.fromisoformat(str(ticket[name])) for name in ("updated_at", "created_at"))
        self.accept_to_pull.record((pulled - created).total_seconds())
        self._sample.pulled(ticket_id, pulled, created)
        began = self._books.clock()
        answer = await self._act(ticket_id, "resolve", token)
        self.resolve.record(self._books.clock() - began)
        if answer.status == 200:
            self.handled[ticket_id] += 1
        else:
            self.troubles[f"resolve: {answer.status or answer.trouble}"] += 1

    async def _act(self, ticket_id: str, verb: str, token: str) -> Answer:
        return await self._pool.fetch(
            "POST", f"/tickets/{ticket_id}/{verb}", json.dumps({"lease_token": token}).encode()
        )
