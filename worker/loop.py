"""The worker's main loop: take a batch, judge it, enter it among its near-duplicates, finish it."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from broker import Broker
from broker.duplicates import Print
from broker.errors import Unavailable
from broker.scripts import Code
from broker.work import Batch
from ml.judge import Judge
from worker.judging import Judged, judge

log = logging.getLogger(__name__)

# Above 8 texts a batch buys no speed on a CPU and costs latency; two such portions keep the model busy while one is finished.
MOST_PER_BATCH = 16
# A lease is renewed this many times before it could run out.
RENEWALS_PER_LEASE = 3
# Between tries while Redis is away.
PAUSE_S = 0.5


class Loop:
    """Runs until `stopping` is set; a batch in hand is finished first."""

    def __init__(self, broker: Broker, judge: Judge, *, alert_above: float, stopping: asyncio.Event) -> None:
        self._broker = broker
        self._judge = judge
        self._alert_above = alert_above
        self._stopping = stopping

    async def run(self) -> None:
        while not self._stopping.is_set():
            try:
                batch = await self._broker.work.take(MOST_PER_BATCH)
            except Unavailable:  # logged once by the broker; nothing was taken, or recovery rings it again
                await self._pause()
                continue
            if batch is not None:
                await self._handle(batch)

    async def _handle(self, batch: Batch) -> None:
        renewal = asyncio.create_task(self._renew(batch))
        try:
            try:
                judged = await judge(self._judge, batch.tickets, self._broker.answers, alert_above=self._alert_above)
            except (
                Exception
            ):  # a bug in the fallback itself: the ticket that triggers it must not take the others along
                log.exception("judging %d tickets failed; trying each by itself", len(batch.tickets))
                judged = await self._one_by_one(batch)
            await self._finish(batch, judged)
        finally:
            renewal.cancel()
            with suppress(asyncio.CancelledError):
                await renewal

    async def _one_by_one(self, batch: Batch) -> list[Judged]:
        judged: list[Judged] = []
        for ticket in batch.tickets:
            try:
                judged += await judge(self._judge, [ticket], self._broker.answers, alert_above=self._alert_above)
            except Exception as error:  # goes back with its error on record, and is dead after MAX_ATTEMPTS
                log.error("ticket %s cannot be judged (%s); it goes back", ticket.ticket_id, type(error).__name__)
                with suppress(Unavailable):  # then its lease runs out, which comes to the same
                    await batch.give_back([ticket], reason=f"judging failed: {type(error).__name__}")
        return judged

    async def _finish(self, batch: Batch, judged: Sequence[Judged]) -> None:
        """Tries until Redis answers or the leases are gone: both calls may be repeated without harm."""
        while judged:
            try:
                leaders = await self._broker.duplicates.enter(
                    [
                        Print(one.ticket.ticket_id, one.ticket.created_us, mark.space, mark.vector, mark.threshold)
                        for one in judged
                        if (mark := one.fingerprint) is not None
                    ]
                )
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
