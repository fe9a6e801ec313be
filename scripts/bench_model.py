"""The worker with the real model against the bare pass of the same encoder, and against plain transformers, on the same texts."""

import asyncio
import json
import subprocess
import sys

from broker import Broker
from broker.keys import Keys
from ml.verdict import TicketText
from scripts.bench_filling import fill, ticket
from scripts.bench_rows import Row
from scripts.bench_stage import BenchError, stage
from scripts.bench_worker import rate_of_what_is_left
from scripts.bootstrap import ROOT
from worker.__main__ import model_threads

TICKETS = 1_000
REPEATS = 3
BARE_BAR, PLAIN_BAR = 0.85, 3.0
# Loading torch and a model on a busy machine, and a thousand texts at the slowest pace seen.
PATIENCE_S = 120.0
NAMESPACE = "smart-support"


def bench_model(tickets: int = TICKETS, repeats: int = REPEATS) -> list[Row]:
    """About 20 s + repeats * tickets / 40 s. Raises BenchError."""
    keys = Keys(NAMESPACE)
    left = (("ZCARD", keys.name("pending")), ("ZCARD", keys.name("processing")))
    ours: list[float] = []
    sides: dict[str, list[float]] = {"bare": [], "plain": []}
    with stage() as house:
        port = house.start_api()
        # Nothing may fold or alert: every ticket goes the whole way.
        house.start("worker", ENGINE="minilm", FLOOD_THRESHOLD="1000000")
        house.wait_warm(port)
        for turn in range(repeats):
            asyncio.run(_fill(house.url, tickets, first=turn * tickets))
            ours.append(rate_of_what_is_left(house, left, tickets))
            for side, per_s in _yardstick(tickets, first=turn * tickets).items():
                sides[side].append(per_s)
    threads = f"{model_threads()} model thread{'s' if model_threads() > 1 else ''} on every side"
    return [
        Row("worker, against the bare pass", "tickets/s", tuple(ours), tuple(sides["bare"]), BARE_BAR, note=threads),
        Row("worker, against plain transformers", "tickets/s", tuple(ours), tuple(sides["plain"]), PLAIN_BAR),
    ]


async def _fill(url: str, tickets: int, first: int) -> None:
    broker = await Broker.open(url, namespace=NAMESPACE, max_backlog=10 * tickets)
    try:
        await fill(broker, tickets, first)
    finally:
        await broker.close()


def _yardstick(tickets: int, first: int) -> dict[str, float]:
    """Texts a second of each side."""
    new = [ticket(number) for number in range(first, first + tickets)]
    texts = [TicketText(one.subject, one.body, one.description).joined for one in new]
    command = [sys.executable, "-m", "ml.yardstick", "--threads", str(model_threads())]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command,
            cwd=ROOT,
            input=json.dumps(texts),
            stdout=subprocess.PIPE,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise BenchError(f"the yardstick failed: {error}") from error
    per_s: dict[str, float] = json.loads(done.stdout)
    return per_s
