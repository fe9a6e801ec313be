"""Clients that hand in tickets at a steady pace and behave: one Idempotency-Key a ticket, the same again after no answer."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from scripts.fault_books import Books

# A request that hangs longer is given up and sent again under the same key.
REQUEST_TIMEOUT_S = 8.0
# So long a client goes on trying. Beyond it the house has not recovered, which is a failure of its own.
PATIENCE_S = 60.0
RETRY_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0
# Beyond this many unanswered requests no more are sent: the house is down and would only be met by a wave.
MOST_IN_FLIGHT = 64
# Of tickets. Alerts: Slack takes one message a second, and a digest holds twenty. Floods: enough to keep an incident growing.
ALARM_SHARE = 0.03
FLOOD_SHARE = 0.04
# Tickets until the flood is about something else.
FLOOD_LENGTH = 600

TEXT = """
account address agent amount answer attachment avatar backup badge balance banner basket billing branch
browser budget button calendar camera campaign catalogue certificate channel chart checkout code colour column
comment company contact contract counter country coupon courier currency customer dashboard deadline delivery
desk device discount document domain download draft editor email export field file filter folder font form
gateway group guest history holiday icon image import inbox index invoice item keyboard label language layout
lease library licence limit list locale logo machine manual map member menu message meter mobile month note
number office order owner package page parcel partner password payment period phone photo picture plan plugin
policy portal post price printer product profile project quarter question receipt region rental report request
room route sample schedule screen search season seat server session shelf shift shop signature station status
store street subscription supplier survey switch table tariff team template theme ticket token tour train
transfer update upload user vendor version video visit voucher warehouse website week widget window workshop
year zone
"""
WORDS = TEXT.split()


class Load:
    """`run` until cancelled. `rate` in tickets a second, may be changed; 0 pauses."""

    def __init__(self, api_url: str, books: Books, *, rate: float, rng: random.Random) -> None:
        self.rate = rate
        self.api_url = api_url
        self.sent = 0
        self._books = books
        self._rng = rng
        self._open = asyncio.Event()
        self._open.set()
        self._in_flight: set[asyncio.Task[str | None]] = set()
        # trust_env=False: a proxy of the shell has nothing to do with a service on this machine.
        self._client = httpx.AsyncClient(
            base_url=api_url,
            trust_env=False,
            timeout=REQUEST_TIMEOUT_S,
            limits=httpx.Limits(max_connections=2 * MOST_IN_FLIGHT),
        )

    @property
    def in_flight(self) -> int:
        """Requests that wait for their answer."""
        return len(self._in_flight)

    async def run(self) -> None:
        """Tickets until cancelled."""
        while True:
            # Looked at again after the wait: the gate may have closed before this task had its turn.
            while not self._open.is_set():
                await self._open.wait()
            if self.rate and len(self._in_flight) < MOST_IN_FLIGHT:
                self.post()
            await asyncio.sleep(1 / self.rate if self.rate else RETRY_PAUSE_S)

    def burst(self, count: int) -> None:
        """So many at once, on top of the steady pace."""
        for _ in range(count):
            self.post()

    def post(self, subject: str | None = None, *, wait_s: float = 0) -> "asyncio.Task[str | None]":
        """Hands in one ticket; the task's result is its id, None if the client gave up."""
        self.sent += 1
        text = subject or self.text(self.sent)
        task = asyncio.create_task(self.submit(f"drill-{self.sent}", text, wait_s=wait_s))
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)
        return task

    def text(self, number: int) -> str:
        """What the ticket is about: mostly its own matter, sometimes urgent, sometimes what everybody complains of."""
        lot = self._rng.random()
        if lot < FLOOD_SHARE:
            return f"The nightly export of region {number // FLOOD_LENGTH} stops half way with error E{number // FLOOD_LENGTH}"
        words = " ".join(self._rng.sample(WORDS, 7))
        return f"{'critical outage' if lot < FLOOD_SHARE + ALARM_SHARE else 'Question'} {number}: {words}"

    async def submit(self, key: str, subject: str, *, wait_s: float = 0) -> str | None:
        """Tries until the house has acknowledged the ticket; its id, or None after `PATIENCE_S`."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            pause_s = RETRY_PAUSE_S
            try:
                answer = await self._client.post(
                    "/tickets",
                    json={"subject": subject},
                    params={"wait": wait_s} if wait_s else None,
                    headers={"Idempotency-Key": key},
                )
            except httpx.TransportError:
                pass  # refused, cut or too late: it may have been accepted, which the key finds out
            else:
                if answer.status_code in (200, 202):
                    ticket_id = str(answer.json()["ticket_id"])
                    self._books.acknowledged(key, ticket_id, replayed="idempotency-replayed" in answer.headers)
                    return ticket_id
                if answer.status_code not in (429, 503):
                    self._books.fail(f"POST /tickets was answered {answer.status_code}: {answer.text[:200]}")
                    return None
                self._books.refused("POST /tickets", answer.headers.get("Retry-After"))
                pause_s = min(float(answer.headers.get("Retry-After", RETRY_PAUSE_S)), LONGEST_PAUSE_S)
            self._books.retries += 1
            await asyncio.sleep(pause_s * (0.5 + self._rng.random() / 2))
        self._books.fail(f"a client gave up after {PATIENCE_S:.0f} s without an answer")
        return None

    @asynccontextmanager
    async def quiet(self) -> AsyncIterator[None]:
        """Inside, no request is under way: what was accepted has been acknowledged."""
        self._open.clear()
        try:
            while self._in_flight:
                await asyncio.wait(self._in_flight)
            yield
        finally:
            self._open.set()

    async def close(self) -> None:
        for task in list(self._in_flight):
            task.cancel()
        await asyncio.gather(*self._in_flight, return_exceptions=True)
        await self._client.aclose()
