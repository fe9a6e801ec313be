"""Customers who try again, a worker, an agent: what goes on while something is broken underneath."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from broker import Broker
from broker.errors import Conflict, NotFound, Unavailable
from broker.records import NewTicket, Status
from ml.judge import Judge
from ml.spec import EngineSpec
from worker.loop import Loop
from worker.upkeep import every, sweep

CUSTOMERS = 8
SWEEP_EVERY_S = 0.5
# Everything that a test of faults waits for comes within this, or it never does.
PATIENCE_S = 30.0


@asynccontextmanager
async def working(broker: Broker) -> AsyncIterator[None]:
    """A worker with the stub engine, recovery beside it."""
    stopping = asyncio.Event()
    judge = Judge(EngineSpec(engine="stub"))
    await judge.start()
    tasks = [
        asyncio.create_task(Loop(broker, judge, alert_above=0.8, stopping=stopping).run()),
        asyncio.create_task(every(SWEEP_EVERY_S, partial(sweep, broker), stopping)),
    ]
    try:
        yield
    finally:
        stopping.set()
        await asyncio.gather(*tasks)
        await judge.stop()


@asynccontextmanager
async def answering(broker: Broker, resolved: set[str]) -> AsyncIterator[None]:
    """An agent on long polls, who resolves what comes and notes what was confirmed."""
    stopping = asyncio.Event()

    async def work() -> None:
        while not stopping.is_set():
            try:
                ticket = await broker.desk.next(wait_s=0.2)
                if ticket is not None and ticket.lease is not None:
                    await broker.desk.resolve(ticket.ticket_id, ticket.lease.token)
                    resolved.add(ticket.ticket_id)
            except Unavailable:
                await asyncio.sleep(0.05)
            except (NotFound, Conflict):  # a failover took the pull back: the ticket is offered again
                pass

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        stopping.set()
        await task


async def pour(broker: Broker, count: int, *, strike_at: int, strike: Callable[[], None]) -> dict[str, str]:
    """`count` tickets from customers who try again under their idempotency key until they have a yes; their ids by key.

    When `strike_at` of them are in, `strike` is called while the others go on.
    """
    accepted: dict[str, str] = {}
    numbers = iter(range(count))

    async def customer() -> None:
        for n in numbers:
            ticket, key = NewTicket(subject=f"different matter number {n}"), f"key-{n}"
            while key not in accepted:
                with suppress(Unavailable):
                    accepted[key] = (await broker.intake.submit(ticket, idempotency_key=key)).ticket_id
            if len(accepted) == strike_at:
                strike()

    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(customer() for _ in range(CUSTOMERS)))
    return accepted


async def settled(broker: Broker, total: int) -> dict[str, int]:
    """Waits until nothing is left to judge, and returns the conservation terms, which must balance and count `total`."""
    give_up = time.monotonic() + PATIENCE_S
    while True:
        with suppress(Unavailable):
            stats = await broker.stats.snapshot()
            terms = stats.conservation
            assert stats.balanced, terms
            if not terms["pending"] and not terms["processing"]:
                assert terms["accepted"] == total, terms
                return terms
        assert time.monotonic() < give_up, f"still to judge: {terms}"
        await asyncio.sleep(0.05)


async def assert_all_there(broker: Broker, accepted: dict[str, str]) -> None:
    """Every ticket that got a yes is there and judged, under its own id."""
    assert len(set(accepted.values())) == len(accepted)
    done = {Status.COMPLETED, Status.CLAIMED, Status.RESOLVED, Status.MASTER_INCIDENT}
    for ticket_id in accepted.values():
        assert (await broker.listing.ticket(ticket_id)).status in done
