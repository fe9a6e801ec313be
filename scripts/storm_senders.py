"""The two ways to send: open, as people come, whatever the house does; and closed, as clients who wait for their answer."""

import asyncio
import json
import random
from collections.abc import Iterable
from functools import partial

from scripts.storm_books import Books
from scripts.storm_histogram import Histogram
from scripts.storm_hostile import Hostility
from scripts.storm_sample import Sample
from scripts.storm_texts import Texts
from scripts.storm_wire import Answer, Pool

# In the hostile profile, of all sends. The others are ordinary tickets, which must not suffer.
HOSTILE_SHARE = 0.5
# Behind its times, the sender still lets answers in after so many sends.
SENDS_A_TURN = 64


class Sender:
    """One ticket a `send`, under an id of this storm's own. `late`: how far behind its time each send left this program's hands."""

    def __init__(
        self, pool: Pool, books: Books, texts: Texts, sample: Sample, hostility: Hostility | None, rng: random.Random
    ) -> None:
        self.late = Histogram()
        self.stopped = asyncio.Event()
        self._pool = pool
        self._books = books
        self._texts = texts
        self._sample = sample
        self._hostility = hostility
        self._rng = rng
        self._fired = 0
        self._everything_over = asyncio.Event()

    @property
    def fired(self) -> int:
        """Sends so far, the hostile ones included."""
        return self._fired

    async def open_storm(self, moments: Iterable[float], tickets: int | None) -> None:
        """Fires at these seconds after the start, in order; returns when all is answered or given up."""
        clock, began = self._books.clock, self._books.began
        for moment in moments:
            intended = began + moment
            early_s = intended - clock()
            if early_s > 0:
                await self._pause(early_s)
            elif self._fired % SENDS_A_TURN == 0:
                await asyncio.sleep(0)
            if self.stopped.is_set() or self._fired == tickets:
                break
            now = clock()
            self.late.record(now - intended)
            # Timers are good to a millisecond: one that went off too early must not make the answer look quicker.
            self.fire(min(intended, now), None)
        await self._settled()

    async def closed_storm(self, clients: int, seconds: float | None, tickets: int | None) -> None:
        """Each client sends, waits for the answer, and sends again, until the time is over or so many tickets were sent."""
        clock, began = self._books.clock, self._books.began

        def over() -> bool:
            return (
                self.stopped.is_set()
                or (tickets is not None and self._fired >= tickets)
                or (seconds is not None and clock() - began >= seconds)
            )

        async def client() -> None:
            turn = asyncio.Event()
            while not over():
                turn.clear()
                self.fire(clock(), turn)
                await turn.wait()

        await asyncio.gather(*(client() for _ in range(clients)))
        await self._settled()

    def fire(self, intended: float, turn: asyncio.Event | None) -> None:
        """Sends one. `turn` is set when it is over."""
        number = self._fired
        self._fired += 1
        if self._hostility is not None and self._rng.random() < HOSTILE_SHARE:
            self._hostility.send(turn)
            return
        number = self._sample.number_for(number, intended)
        self._books.ask(intended)
        body = json.dumps({"ticket_id": self._books.id_of(number), **self._texts(abs(number))}, ensure_ascii=False)
        request = self._pool.target.request("POST", "/tickets", body.encode())
        deadline = intended + self._pool.timeout_s
        self._pool.ask(request, partial(self._over, number, intended, turn), deadline=deadline)

    def _over(self, number: int, intended: float, turn: asyncio.Event | None, answer: Answer) -> None:
        self._books.close(number, intended, answer)
        if turn is not None:
            turn.set()
        if self._books.answered == self._books.asked:
            self._everything_over.set()

    async def _pause(self, seconds: float) -> None:
        """Sleeps, or less when the storm is stopped."""
        if seconds < 1:
            await asyncio.sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await self.stopped.wait()
        except TimeoutError:
            pass

    async def _settled(self) -> None:
        if self._books.answered < self._books.asked:
            self._everything_over.clear()
            await self._everything_over.wait()
        if self._hostility is not None:
            await self._hostility.settle()
