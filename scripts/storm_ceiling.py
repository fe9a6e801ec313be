"""What this program can send at most: a closed storm at a server that does nothing, in a process of its own."""

import asyncio
import random
import signal
import sys
import time
from asyncio.subprocess import PIPE
from dataclasses import dataclass

from scripts.bootstrap import ROOT
from scripts.process_tie import tie_to_parent
from scripts.storm_books import Books
from scripts.storm_histogram import Histogram
from scripts.storm_sample import Sample
from scripts.storm_senders import Sender
from scripts.storm_target import Target
from scripts.storm_texts import steady
from scripts.storm_wire import Pool

CLIENTS = 32
SECONDS = 3.0
TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Ceiling:
    """`per_s`: answered a second. `cpu`: share of a core this program needed for it; well below 1, something else was the limit."""

    per_s: float
    cpu: float
    latency: Histogram

    @property
    def says(self) -> str:
        us = self.cpu / self.per_s * 1e6 if self.per_s else 0.0
        return (
            f"ceiling    {self.per_s:,.0f} tickets a second at {CLIENTS} clients against an empty server, {self.cpu:.0%} of a core, "
            f"{us:.0f} us of it a ticket; p99 {self.latency.percentile(0.99) * 1000:.1f} ms"
        )


async def ceiling() -> Ceiling:
    """Takes `SECONDS`."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scripts.storm_echo"),
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
        preexec_fn=tie_to_parent(signal.SIGKILL),
    )
    assert server.stdout is not None and server.stdin is not None
    target = Target("127.0.0.1", int(await server.stdout.readline()))
    pool = Pool(target, most=CLIENTS, timeout_s=TIMEOUT_S)
    try:
        began, cpu = time.perf_counter(), time.process_time()
        books = Books("ceiling", time.monotonic)
        rng = random.Random(0)
        sender = Sender(pool, books, steady(rng), Sample(target, books, lambda _: -1.0), None, rng)
        await sender.closed_storm(CLIENTS, SECONDS, None)
        took_s = time.perf_counter() - began
        return Ceiling(len(books.accepted) / took_s, (time.process_time() - cpu) / took_s, books.latency)
    finally:
        await pool.close()
        server.stdin.close()
        await server.wait()
