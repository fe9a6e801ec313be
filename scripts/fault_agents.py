"""Agents who pull and resolve, the way people do: most at once, some keep it longer, give it back, vanish, or answer too late."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx

from scripts.fault_books import Books, Reply
from scripts.fault_leases import Lease

REQUEST_TIMEOUT_S = 8.0
RETRY_PAUSE_S = 0.1
POLL_S = 2
# Of tickets pulled; the others are resolved at once. A late answer is given so long after its lease ran out.
EXTEND_SHARE, RELEASE_SHARE, VANISH_SHARE, LATE_SHARE = 0.03, 0.03, 0.01, 0.01
LATE_BY_S = 0.3
# Two who take anything and two who only take theirs.
NAMES = (None, None, "Agent1", "Agent2")

Json = dict[str, Any]


class Agents:
    """`run` until cancelled; every lease and every reply goes into the books."""

    def __init__(self, api_url: str, books: Books, *, rng: random.Random) -> None:
        self._books = books
        self._rng = rng
        self._open = asyncio.Event()
        self._open.set()
        self._busy = 0
        self._late: set[asyncio.Task[None]] = set()
        self._client = httpx.AsyncClient(base_url=api_url, trust_env=False, timeout=REQUEST_TIMEOUT_S)

    async def run(self) -> None:
        await asyncio.gather(*(self._work(f"agent-{n}", name) for n, name in enumerate(NAMES)))

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Inside, nobody pulls and nobody holds anything but those who vanished."""
        self._open.clear()
        try:
            while self._busy or self._late:  # noqa: ASYNC110 - once a fault, and nobody is in a hurry
                await asyncio.sleep(RETRY_PAUSE_S)
            yield
        finally:
            self._open.set()

    async def close(self) -> None:
        for task in list(self._late):
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        await self._client.aclose()

    async def _work(self, holder: str, name: str | None) -> None:
        while True:
            # Looked at again after the wait: the gate may have closed before this task had its turn.
            while not self._open.is_set():
                await self._open.wait()
            self._busy += 1
            try:
                await self._pull(holder, {"wait": POLL_S} | ({"agent": name} if name else {}))
            finally:
                self._busy -= 1

    async def _pull(self, holder: str, query: Json) -> None:
        answer = await self._ask("/tickets/next", query=query)
        if answer is None or answer.status_code in (404, 503):  # 404: the agents are not seeded yet
            await asyncio.sleep(RETRY_PAUSE_S)
        elif answer.status_code == 200:
            await self._handle(self.grant(answer.json(), holder))
        elif answer.status_code != 204:
            self._books.fail(f"POST /tickets/next was answered {answer.status_code}: {answer.text[:200]}")

    def grant(self, ticket: Json, holder: str) -> Lease | None:
        """Into the books. None: the lease ran out before the answer was made."""
        lease = ticket["lease"]
        if not lease or "token" not in lease:
            return None
        expires_s = datetime.fromisoformat(lease["expires_at"]).timestamp()
        return self._books.leases.granted(ticket["ticket_id"], lease["token"], holder, expires_s=expires_s)

    async def _handle(self, lease: Lease | None) -> None:
        lot = self._rng.random()
        if lease is None or lot < VANISH_SHARE:
            return
        lot -= VANISH_SHARE
        if lot < LATE_SHARE:
            task = asyncio.create_task(self._answer_late(lease))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        elif lot < LATE_SHARE + RELEASE_SHARE:
            await self.release(lease)
        else:
            if lot < LATE_SHARE + RELEASE_SHARE + EXTEND_SHARE:
                await self._extend(lease)
            await self.resolve(lease)

    async def release(self, lease: Lease) -> None:
        """Gives the ticket back; if nobody hears it, the lease runs out."""
        lease.ended_s = time.time()
        await self._ask(f"/tickets/{lease.ticket_id}/release", body={"lease_token": lease.token})

    async def _extend(self, lease: Lease) -> None:
        answer = await self._ask(f"/tickets/{lease.ticket_id}/extend", body={"lease_token": lease.token})
        if answer is not None and answer.status_code == 200 and "token" in (answer.json()["lease"] or {}):
            lease.expires_s = datetime.fromisoformat(answer.json()["lease"]["expires_at"]).timestamp()

    async def resolve(self, lease: Lease) -> None:
        """Tried again while there is no reply: the token makes that safe."""
        uncertain = False
        lease.ended_s = time.time()
        while True:
            answer = await self._give(lease)
            if answer is not None and answer.status_code == 200:
                return self._books.replied(lease.ticket_id, lease.token, Reply.TAKEN)
            if answer is not None and answer.status_code == 409:
                reply = Reply.UNKNOWN if uncertain else Reply.REFUSED
                return self._books.replied(lease.ticket_id, lease.token, reply)
            if answer is not None and answer.status_code != 503:
                return self._books.fail(f"a resolve was answered {answer.status_code}: {answer.text[:200]}")
            uncertain = True
            await asyncio.sleep(RETRY_PAUSE_S)

    async def _answer_late(self, lease: Lease) -> None:
        await asyncio.sleep(max(0.0, lease.expires_s + LATE_BY_S - time.time()))
        answer = await self._give(lease)
        if answer is None or answer.status_code == 503:
            return self._books.replied(lease.ticket_id, lease.token, Reply.UNKNOWN)
        if answer.status_code != 409:
            self._books.fail(f"an answer {LATE_BY_S} s after its lease ran out got {answer.status_code}, not 409")
            return None
        self._books.late_refused += 1
        return self._books.replied(lease.ticket_id, lease.token, Reply.REFUSED)

    async def _give(self, lease: Lease) -> httpx.Response | None:
        # The response carries its token, so that the record shows under which lease it was answered.
        return await self._ask(
            f"/tickets/{lease.ticket_id}/resolve", body={"lease_token": lease.token, "response": lease.token}
        )

    async def _ask(self, path: str, *, query: Json | None = None, body: Json | None = None) -> httpx.Response | None:
        """None: no answer came. What was asked may have happened all the same."""
        try:
            answer = await self._client.post(path, params=query, json=body)
        except httpx.TransportError:
            return None
        if answer.status_code == 503:
            self._books.refused(f"POST {path}", answer.headers.get("Retry-After"))
        return answer
