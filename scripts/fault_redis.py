"""Faults of Redis itself: frozen, and killed and brought back on its append-only file."""

import asyncio
import os
import signal
import time

from scripts.fault_drill import READY_DEADLINE_S, Drill, Fault
from scripts.fault_table import Row

FROZEN_S = 10.0
FROZEN_SHORT_S = 2.0
# The tickets that are under way as it dies.
BURST = 48


async def freeze(drill: Drill, row: Row) -> None:
    """SIGSTOP: connections stay open and nothing answers. Then everything comes at once."""
    in_flight = await drill.in_flight()
    pid = drill.house.redis.process.pid
    drill.load.burst(BURST)
    await asyncio.sleep(drill.rng.random() * 0.05)
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(FROZEN_SHORT_S if drill.short else FROZEN_S)
    finally:
        os.kill(pid, signal.SIGCONT)
    row.struck(in_flight + BURST, await drill.settle(row))


async def kill(drill: Drill, row: Row) -> None:
    """SIGKILL under load, and a new server on the same port and file. What was acknowledged must be in that file."""
    in_flight = await drill.in_flight()
    drill.load.burst(BURST)
    await asyncio.sleep(drill.rng.random() * 0.08)
    redis = drill.house.redis
    redis.process.kill()
    redis.process.wait()
    redis.launch(redis.port)
    began = time.monotonic()

    async def answers() -> bool:
        return bool(await drill.broker.store.now_ms())

    if await drill.until(answers, within_s=READY_DEADLINE_S) is None:
        raise RuntimeError("Redis did not come back on its append-only file")
    await drill.settle(row)
    row.struck(in_flight + BURST, time.monotonic() - began)
    looks = await asyncio.gather(*(drill.http.get("/stats") for _ in range(BURST)))
    row.note("requests refused after it was back", sum(look.status_code == 503 for look in looks))


FAULTS = (
    Fault("freeze-redis", "Redis frozen for 10 s (2 s in the short form)", 3, 1, freeze),
    Fault("kill-redis", "Redis killed, back on its append-only file", 5, 1, kill),
)
