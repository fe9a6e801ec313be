"""Faults of the network between the product and Redis, made by the loopback proxy."""

import asyncio
from collections.abc import Awaitable, Callable

from scripts.fault_drill import Drill, Fault
from scripts.fault_house import API, WORKERS
from scripts.fault_proxy import QUIET, Trouble
from scripts.fault_table import Row

TROUBLE_S = 6.0
TROUBLE_SHORT_S = 1.2
BURST = 24
# A command whose answer never comes is given up after the client's own 5 s, so few are enough to bring work to a halt.
TROUBLES = {
    "cut-bells": Trouble(cut_bells=0.5),
    "cut-replies": Trouble(cut=0.05),
    "delay-replies": Trouble(delay_s=0.15),
    "half-close": Trouble(half_close=0.05),
    "mute": Trouble(mute=0.01),
}


async def behind_the_proxy(drill: Drill) -> None:
    """The API and the first worker reach Redis through the proxy from here on; the second keeps its direct line."""
    redis = drill.house.redis
    url = f"redis://:{redis.password}@127.0.0.1:{drill.proxy.port}/0"
    parts = [name for name in (API, WORKERS[0]) if drill.house.parts[name].environment.get("REDIS_URL") != url]
    if parts:
        await drill.restart(*parts, REDIS_URL=url)


def trouble(name: str) -> Callable[[Drill, Row], Awaitable[None]]:
    async def inflict(drill: Drill, row: Row) -> None:
        await behind_the_proxy(drill)
        before = drill.proxy.inflicted.total
        in_flight = await drill.in_flight()
        drill.proxy.trouble = TROUBLES[name]
        try:
            for _ in range(4):
                drill.load.burst(BURST)
                await asyncio.sleep((TROUBLE_SHORT_S if drill.short else TROUBLE_S) / 4)
        finally:
            drill.proxy.trouble = QUIET
        inflicted = drill.proxy.inflicted.total - before
        recovery_s = await drill.settle(row)
        for _ in range(inflicted):
            row.struck(in_flight, recovery_s)
        if not inflicted:
            row.failures.append("the proxy found nothing to trouble")

    return inflict


FAULTS = (
    Fault("cut-bells", "BLPOP replies cut in the middle", 3, 1, trouble("cut-bells")),
    Fault("cut-replies", "any Redis reply cut in the middle", 3, 1, trouble("cut-replies")),
    Fault("delay-replies", "Redis replies late by up to 150 ms", 1, 0, trouble("delay-replies")),
    Fault("half-close", "connections to Redis half closed", 3, 1, trouble("half-close")),
    Fault("mute", "connections to Redis gone mute", 2, 0, trouble("mute")),
)
