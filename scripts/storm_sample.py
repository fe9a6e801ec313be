"""A few hundred tickets that the live updates tell us about: when they were accepted, ready and pulled, by the server's own clock.

A record says when it was accepted and when it last changed. Followed from change to change, that gives accept to ready and ready
to pull, without a poll. The ids are ours to choose, so they are subscribed to before the first ticket is sent.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from scripts.storm_books import Books
from scripts.storm_histogram import Histogram
from scripts.storm_target import Target

# As many as one subscription takes.
WATCHED_MAX = 200
CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Journey:
    """Of the watched tickets. `at_once`: pulled before the update that they were ready came (the house tells within 20 ms when it is
    not busy); their accept to ready is counted up to the pull, the most that it can have been.
    """

    accept_to_ready: Histogram
    ready_to_pull: Histogram
    at_once: int


class Sample:
    """`progress`: how much of the storm is over at a moment (clock seconds), 0..1; spreads the watched ids evenly over it."""

    def __init__(self, target: Target, books: Books, progress: Callable[[float], float]) -> None:
        self.trouble = ""
        self._target = target
        self._books = books
        self._progress = progress
        self._given = 0
        # By ticket id: when it was ready, or pulled, and when it had been accepted.
        self._ready: dict[str, tuple[datetime, datetime]] = {}
        self._pulled: dict[str, tuple[datetime, datetime]] = {}
        self._subscribed = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when the subscription stands, or cannot be had: `trouble` says why."""
        self._listening = asyncio.create_task(self._listen())
        waiting = asyncio.create_task(self._subscribed.wait())
        await asyncio.wait([waiting, self._listening], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def stop(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    def number_for(self, number: int, at: float) -> int:
        """The number of the next ticket: its own, or now and then that of a watched one."""
        if self._given < WATCHED_MAX and self._given <= self._progress(at) * WATCHED_MAX:
            self._given += 1
            return -self._given
        return number

    async def _listen(self) -> None:
        scheme = "wss" if self._target.tls else "ws"
        url = f"{scheme}://{self._target.authority}{self._target.path}/ws/tickets"
        key = {"X-API-Key": self._target.key} if self._target.key else {}
        ids = [self._books.id_of(-number) for number in range(1, WATCHED_MAX + 1)]
        try:
            async with connect(url, additional_headers=key, proxy=None, open_timeout=CONNECT_TIMEOUT_S) as live:
                await live.send(json.dumps({"action": "subscribe", "ticket_ids": ids}))
                async for text in live:
                    said = json.loads(text)
                    if said.get("type") == "ticket_updated":
                        self._hear(said["data"])
                    elif said.get("type") == "subscribed":
                        self._subscribed.set()
        except (OSError, TimeoutError, WebSocketException, ValueError) as error:
            self.trouble = f"no live updates: {error}"

    def _hear(self, ticket: dict[str, Any]) -> None:
        if ticket["status"] in ("completed", "master_incident"):
            changed, created = (datetime.fromisoformat(ticket[name]) for name in ("updated_at", "created_at"))
            self._ready.setdefault(str(ticket["ticket_id"]), (changed, created))

    def pulled(self, ticket_id: str, at: datetime, created: datetime) -> None:
        """An agent of ours has it."""
        if ticket_id.startswith(self._books.watched):
            self._pulled.setdefault(ticket_id, (at, created))

    def journey(self) -> Journey:
        made = Journey(Histogram(), Histogram(), 0 if self.trouble else len(self._pulled.keys() - self._ready.keys()))
        if self.trouble:
            return made
        for ready, created in (self._pulled | self._ready).values():
            made.accept_to_ready.record((ready - created).total_seconds())
        for ticket_id in self._pulled.keys() & self._ready.keys():
            made.ready_to_pull.record((self._pulled[ticket_id][0] - self._ready[ticket_id][0]).total_seconds())
        return made
