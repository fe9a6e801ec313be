"""Searches on few and on many tickets, in turns on one Redis: what a page costs must not grow with what it leaves out."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from broker import Broker
from broker.records import AiStatus, NewTicket, UrgencyLabel
from broker.work import Outcome
from scripts.embedded_redis import EmbeddedRedis
from scripts.redis_binary import find_redis_server

CATEGORIES = ("Billing", "Technical", "Legal", "Feature Request", "General")
LABELS = (UrgencyLabel.LOW, UrgencyLabel.MEDIUM, UrgencyLabel.HIGH)
SEARCHES: dict[str, dict[str, str]] = {
    "no filter": {},
    "status": {"status": "completed"},
    "category": {"category": "Legal"},
    "urgency": {"urgency_label": "high"},
    "requester": {"requester": "r7@example.com"},
    "needs review": {"needs_review": "1"},
    "category, urgency, status": {"category": "Legal", "urgency_label": "high", "status": "completed"},
    "a pair that never meets": {"category": "Legal", "requester": "r8@example.com"},
}
PAGE = 50
REPEATS = 40
BATCH = 500
REQUESTERS = 20


def _outcome(number: int) -> Outcome:
    return Outcome(
        category=CATEGORIES[number % 5], confidence=0.9, needs_review=number % 7 == 0, urgency_score=number % 100 / 100,
        urgency_label=LABELS[number % 3], sentiment_score=5, reasons=("a reason",), summary="a summary", engine="stub",
        model_version="1", ai_status=AiStatus.DONE, processing_ms=1, alert=False,
    )  # fmt: skip


async def _fill(broker: Broker, count: int) -> None:
    number = 0
    for start in track(range(0, count, BATCH), description=f"{count:,} tickets"):
        rows = range(start, min(count, start + BATCH))
        tickets = [NewTicket(subject=f"ticket {n}", requester=f"r{n % REQUESTERS}@example.com") for n in rows]
        await broker.intake.submit_many(tickets)
        while (batch := await broker.work.take(BATCH, wait=False)) is not None:
            await batch.finish([(ticket, _outcome(number + n), None) for n, ticket in enumerate(batch.tickets)])
            number += len(batch.tickets)


async def _cost_ms(broker: Broker, filters: dict[str, str]) -> float:
    began = time.perf_counter()
    await broker.listing.search(filters, PAGE)
    return (time.perf_counter() - began) * 1000


async def bench_listing(few: int, many: int) -> int:
    """Prints a table; 0 when every search on `many` costs at most three times what it costs on `few`."""
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedRedis(find_redis_server(), Path(folder))
        url = await asyncio.to_thread(server.start)
        small = await Broker.open(url, namespace="few", max_backlog=many + 1)
        large = await Broker.open(url, namespace="many", max_backlog=many + 1)
        try:
            await _fill(small, few)
            await _fill(large, many)
            table = Table(
                "search", f"{few:,} (ms)", f"{many:,} (ms)", "ratio", title=f"A page of {PAGE}, median of {REPEATS}"
            )
            worst = 0.0
            for name, filters in SEARCHES.items():
                pairs = [(await _cost_ms(small, filters), await _cost_ms(large, filters)) for _ in range(REPEATS)]
                one, other = (statistics.median(costs) for costs in zip(*pairs, strict=True))
                worst = max(worst, other / one)
                table.add_row(name, f"{one:.2f}", f"{other:.2f}", f"{other / one:.2f}")
            Console().print(table)
        finally:
            await small.close()
            await large.close()
            await asyncio.to_thread(server.stop)
    return 0 if worst <= 3 else 1
