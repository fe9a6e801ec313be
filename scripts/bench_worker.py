"""Our worker with the stand-in engine against a plain unsafe loop and against no-op jobs of RQ, arq and Dramatiq, in turns."""

import asyncio
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from broker import Broker
from broker.keys import Keys
from scripts.bench_filling import fill
from scripts.bench_peers import ARQ, DRAMATIQ, RQ, Peer, peers_python
from scripts.bench_rows import Row
from scripts.bench_stage import BenchError, Stage, stage

TICKETS = 5_000
REPEATS = 3
RQ_BAR, ARQ_BAR, DRAMATIQ_BAR, UNSAFE_BAR = 10.0, 3.0, 1.0, 0.6
# The clock starts when this share is done, so that nobody's start-up counts.
STARTED_SHARE = 0.1
POLL_S = 0.005
# A worker that makes no end of it hangs.
PATIENCE_S = 60.0
NAMESPACE = "smart-support"


def bench_worker(data: Path, tickets: int = TICKETS, repeats: int = REPEATS) -> list[Row]:
    """Peers are looked for under `data`. About repeats * 25 s with peers, repeats * 8 s without. Raises BenchError."""
    keys = Keys(NAMESPACE)
    left = (("ZCARD", keys.name("pending")), ("ZCARD", keys.name("processing")))
    python = peers_python(data)
    peers = (RQ, ARQ, *DRAMATIQ) if python.is_file() else ()
    rates: dict[str, list[float]] = {"unsafe": [], **{peer.name: [] for peer in peers}}
    ours: dict[int, list[float]] = {1: [], 2: []}
    with stage() as house:
        for _ in range(repeats):
            for workers, measured in ours.items():
                asyncio.run(_fill(house.url, tickets))
                start = partial(_start, house, workers, "worker", ENGINE="stub")
                measured.append(_rate(house, start, left, tickets))
            asyncio.run(_fill(house.url, tickets))
            bell = (("LLEN", keys.name("bell")),)
            rates["unsafe"].append(_rate(house, partial(_start, house, 1, "scripts.bench_unsafe"), bell, tickets))
            for peer in peers:
                rates[peer.name].append(_peer_rate(house, peer, python, tickets))
    one, two = tuple(ours[1]), tuple(ours[2])
    rows = [
        Row("one worker, against the unsafe loop", "jobs/s", one, tuple(rates["unsafe"]), UNSAFE_BAR),
        Row("two workers, against one", "jobs/s", two, one),
    ]
    if not peers:
        why = f"not installed in {python.parents[1]}; `python -m scripts.bench worker --install-peers` does it"
        return [*rows, *(Row(f"one worker, against {name}", skipped=why) for name in ("RQ", "arq", "Dramatiq"))]
    rows.append(Row("one worker, against RQ", "jobs/s", one, tuple(rates[RQ.name]), RQ_BAR))
    rows.append(Row("one worker, against arq", "jobs/s", one, tuple(rates[ARQ.name]), ARQ_BAR))
    for peer, same, said in zip(DRAMATIQ, (one, two), ("one worker", "two workers"), strict=True):
        rows.append(Row(f"{said}, against {peer.name}", "jobs/s", same, tuple(rates[peer.name]), DRAMATIQ_BAR))
    return rows


def _start(
    house: Stage, count: int, module: str, *arguments: str, **environment: str
) -> list["subprocess.Popen[bytes]"]:
    return [house.start(module, *arguments, **environment) for _ in range(count)]


async def _fill(url: str, tickets: int) -> None:
    broker = await Broker.open(url, namespace=NAMESPACE, max_backlog=tickets + 1)
    try:
        await fill(broker, tickets)
    finally:
        await broker.close()


def _peer_rate(house: Stage, peer: Peer, python: Path, tickets: int) -> float:
    jobs = min(peer.jobs, tickets)
    filling = house.start(peer.fill, str(jobs), python=str(python))
    try:
        if filling.wait(PATIENCE_S):
            raise BenchError(f"{peer.name} could not be filled; its own words are above")
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{peer.name} was not filled in time") from error
    finally:
        house.stop(filling)
    module, *arguments = [word.format(url=house.url) for word in peer.worker]
    return _rate(
        house,
        lambda: [house.start(module, *arguments, python=str(python), **peer.environment)],
        (peer.left,),
        jobs,
    )


def _rate(
    house: Stage, start: "Callable[[], list[subprocess.Popen[bytes]]]", left: tuple[tuple[str, ...], ...], jobs: int
) -> float:
    """Jobs a second from the moment a tenth is done until all are. Redis is empty afterwards."""
    if house.ask_number(*left[0]) != jobs:
        raise BenchError(f"{left[0]} should say {jobs} before the start")
    parts = start()
    try:
        return rate_of_what_is_left(house, left, jobs)
    finally:
        for part in parts:
            house.stop(part)
        house.forget()


def rate_of_what_is_left(house: Stage, left: tuple[tuple[str, ...], ...], jobs: int) -> float:
    """Jobs a second while somebody works them off. `left`: commands whose numbers add up to what is not done. Raises BenchError."""
    began: tuple[float, int] | None = None
    give_up = time.monotonic() + PATIENCE_S
    while (still := sum(house.ask_number(*command) for command in left)) > 0:
        now = time.monotonic()
        if now > give_up:
            raise BenchError(
                f"{still} of {jobs} jobs were left after {PATIENCE_S:.0f} s; the worker's own words are above"
            )
        if began is None and still <= jobs * (1 - STARTED_SHARE):
            began = now, still
        time.sleep(POLL_S)
    if began is None:
        raise BenchError("it was over before it could be watched; give it more tickets")
    return began[1] / (time.monotonic() - began[0])
