"""What the tickets that are there already cost: the same calls on few and on many of them, in turns on one Redis."""

import asyncio
import re
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from broker import Broker
from scripts.bench_filling import fill, fill_ready, ticket
from scripts.bench_rows import Row
from scripts.bench_stage import Stage, stage

# Each call so often in a round, of which the median counts: one of them meets whatever else the machine does.
CALLS_EACH = 25
ROUNDS = 3
# At the largest size, as a multiple of the smallest.
NEXT_BAR = 1.5
# What this many pending tickets may add to a start, seconds.
START_BAR_S = 1.0
START_PENDING = 100_000
# A start looks at tickets through filters that match a fifteenth of them.
FILTERS = {"category": "Legal", "urgency_label": "high"}
PAGE = 50

Call = Callable[[Broker], Awaitable[object]]


@dataclass(slots=True)
class Size:
    """One namespace with `count` ready tickets, each `bytes_each` in Redis."""

    count: int
    broker: Broker
    bytes_each: float


async def _next(broker: Broker) -> None:
    pulled = await broker.desk.next()
    assert pulled is not None and pulled.lease is not None
    await broker.desk.release(pulled.ticket_id, pulled.lease.token)


async def _submit(broker: Broker) -> None:
    await broker.intake.submit(ticket(time.time_ns() % 10**12))


CALLS: dict[str, tuple[Call, float | None]] = {
    "next, and release": (_next, NEXT_BAR),
    "GET /queue, a page": (lambda broker: broker.listing.queue(PAGE), None),
    "GET /tickets, two filters": (lambda broker: broker.listing.search(FILTERS, PAGE), None),
    "submit": (_submit, None),
    "recovery's sweep": (lambda broker: broker.recovery.sweep(), None),
}


def bench_scale(sizes: tuple[int, ...], start_pending: int = START_PENDING, rounds: int = ROUNDS) -> list[Row]:
    """About 300 us a ticket and a minute. Raises BenchError."""
    with stage() as house:
        rows = asyncio.run(_calls(house, sorted(sizes), rounds))
        house.forget()
        rows.append(_start(house, start_pending, rounds))
    return rows


async def _calls(house: Stage, sizes: list[int], rounds: int) -> list[Row]:
    costs: dict[tuple[str, int], list[float]] = {}
    filled: list[Size] = []
    async with AsyncExitStack() as brokers:
        for count in sizes:
            broker = await Broker.open(house.url, namespace=f"scale-{count}", max_backlog=2 * max(sizes))
            brokers.push_async_callback(broker.close)
            before = _memory(house)
            await fill_ready(broker, count)
            filled.append(Size(count, broker, (_memory(house) - before) / count))
        for _ in range(rounds):
            for name, (call, _) in CALLS.items():
                for size, cost in zip(filled, await _cost_ms(filled, call), strict=True):
                    costs.setdefault((name, size.count), []).append(cost)
    rows = []
    for name, (_, bar) in CALLS.items():
        few = tuple(costs[name, sizes[0]])
        for count in sizes[1:]:
            many = tuple(costs[name, count])
            rows.append(Row(f"{name}: {count:,} against {sizes[0]:,}", "ms", many, few, bar, at_most=True))
    note = "with a body of one to four sentences, judged, with every index entry"
    return [*rows, *(Row(f"Redis, a ticket of {s.count:,}", "bytes", (s.bytes_each,), note=note) for s in filled)]


async def _cost_ms(filled: list[Size], call: Call) -> list[float]:
    """The median of CALLS_EACH on each size, the sizes in turns."""
    costs: list[list[float]] = [[] for _ in filled]
    for _ in range(CALLS_EACH):
        for size, measured in zip(filled, costs, strict=True):
            began = time.perf_counter()
            await call(size.broker)
            measured.append((time.perf_counter() - began) * 1000)
    return [statistics.median(measured) for measured in costs]


def _start(house: Stage, pending: int, rounds: int) -> Row:
    """API and worker from nothing to ready, with so many tickets waiting, in turns with an empty Redis."""
    asyncio.run(_fill_pending(house.url, pending))
    with_them: list[float] = []
    empty: list[float] = []
    for _ in range(rounds):
        for namespace, took in (("full", with_them), ("empty", empty)):
            began = time.monotonic()
            port = house.start_api(NAMESPACE=namespace)
            house.start("worker", ENGINE="stub", NAMESPACE=namespace)
            house.wait_ready(port)
            took.append(time.monotonic() - began)
            house.stop_all()
    added = tuple(one - other for one, other in zip(with_them, empty, strict=True))
    note = f"{statistics.median(with_them):.2f} s against {statistics.median(empty):.2f} s with none"
    return Row(f"start-up, what {pending:,} pending tickets add", "s", added, bar=START_BAR_S, at_most=True, note=note)


async def _fill_pending(url: str, pending: int) -> None:
    broker = await Broker.open(url, namespace="full", max_backlog=pending + 1)
    try:
        await fill(broker, pending)
    finally:
        await broker.close()


def _memory(house: Stage) -> int:
    found = re.search(rb"used_memory:(\d+)", house.ask("INFO", "memory"))
    assert found is not None
    return int(found[1])
