"""The worker's main loop: take a batch, judge it, enter it among its near-duplicates, finish it."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from broker import Broker
from broker.errors import Unavailable
from broker.scripts import Code
from broker.work import Batch
from ml.judge import Judge
from worker.judging import Judged, judge
from worker.policy import NOTHING, Wanted

log = logging.getLogger(__name__)

# Above 8 texts a batch buys no speed on a CPU and costs latency; two such portions keep the model busy while one is finished.
MOST_PER_BATCH = 16
# Batches in hand: one with the model, one that it gets next, one on its way back to Redis.
HANDS = 3
# A lease is renewed this many times before it could run out.
RENEWALS_PER_LEASE = 3
# Between tries while Redis is away.
PAUSE_S = 0.5


class Loop:
    """Runs until `stopping` is set; what is in hand is finished first.

    While one batch is judged, the next is there already and the one before it is being finished: neither the model nor
    Redis waits for the other.
    """

    def __init__(
        self, broker: Broker, judge: Judge, *, alert_above: float, stopping: asyncio.Event, wanted: Wanted = NOTHING
    ) -> None:
        self._broker = broker
        self._judge = judge
        self._alert_above = alert_above
        self._wanted = wanted
        self._stopping = stopping
        self._hands = asyncio.Semaphore(HANDS)
        self._finishing = asyncio.Lock()

    async def run(self) -> None:
        more = False  # a full batch: there are probably more behind it, and the bell need not be waited for
        async with asyncio.TaskGroup() as tasks:
            while not self._stopping.is_set():
                async with self._hands:  # nothing is taken that nobody has a hand for
                    try:
                        batch = await self._broker.work.take(MOST_PER_BATCH, wait=not more)
                    except Unavailable:  # logged once by the broker; nothing was taken, or recovery rings it again
                        await self._pause()
                        continue
                more = batch is not None and len(batch.tickets) == MOST_PER_BATCH
                if batch is None:
                    continue
                if any(ticket.attempts > 1 for ticket in batch.tickets):
                    await self._work_alone(batch)
                else:
                    await self._hands.acquire()
                    tasks.create_task(self._work(batch)).add_done_callback(lambda _: self._hands.release())

    async def _work_alone(self, batch: Batch) -> None:
        """These may have killed a worker: nothing else is in its hands this time."""
        for _ in range(HANDS):
            await self._hands.acquire()
        try:
            await self._work(batch)
        finally:
            for _ in range(HANDS):
                self._hands.release()

    async def _work(self, batch: Batch) -> None:
        renewal = asyncio.create_task(self._renew(batch))
        try:
            judged = await self._judged(batch)
            async with self._finishing:
                await self._finish(batch, judged)
        finally:
            renewal.cancel()

    async def _judged(self, batch: Batch) -> list[Judged]:
        try:
            return await judge(
                self._judge, batch.tickets, self._broker.answers, alert_above=self._alert_above, wanted=self._wanted
            )
        except Exception:  # a bug in the fallback itself: the ticket that triggers it must not take the others along
            log.exception("judging %d tickets failed; trying each by itself", len(batch.tickets))
            return await self._one_by_one(batch)

    async def _one_by_one(self, batch: Batch) -> list[Judged]:
        judged: list[Judged] = []
        for ticket in batch.tickets:
            try:
                judged += await judge(
                    self._judge, [ticket], self._broker.answers, alert_above=self._alert_above, wanted=self._wanted
                )
            except Exception as error:  # goes back with its error on record, and is dead after MAX_ATTEMPTS
                log.error("ticket %s cannot be judged (%s); it goes back", ticket.ticket_id, type(error).__name__)
                with suppress(Unavailable):  # then its lease runs out, which comes to the same
                    await batch.give_back([ticket], reason=f"judging failed: {type(error).__name__}")
        return judged

    async def _finish(self, batch: Batch, judged: Sequence[Judged]) -> None:
        """Tries until Redis answers or the leases are gone: both calls may be repeated without harm."""
        while judged:
            try:
                prints = [found for one in judged if (found := one.print) is not None]
                leaders = await self._broker.duplicates.enter(prints)
                codes = await batch.finish(
                    [(one.ticket, one.outcome, leaders.get(one.ticket.ticket_id)) for one in judged]
                )
            except Unavailable:
                if self._stopping.is_set():
                    log.warning("stopping while Redis is away: %d judged tickets will be judged again", len(judged))
                    return
                await self._pause()
                continue
            stale = [one.ticket.ticket_id for one, code in zip(judged, codes, strict=True) if code == Code.STALE_LEASE]
            if stale:
                log.warning("%d late results dropped, their leases had run out: %s", len(stale), ", ".join(stale))
            return

    async def _renew(self, batch: Batch) -> None:
        while True:
            await asyncio.sleep(self._broker.work.lease_s / RENEWALS_PER_LEASE)
            with suppress(Unavailable):
                await batch.renew()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PAUSE_S):
                await self._stopping.wait()
