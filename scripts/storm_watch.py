"""How the house stands while it rains, by its own /stats; and how this program itself keeps up."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from scripts.storm_histogram import Histogram
from scripts.storm_wire import Pool

# Seldom enough to cost the house nothing, often enough for a plot.
LOOK_EVERY_S = 0.5
# The loop is asked this often how late it is.
PROBE_S = 0.02


@dataclass(frozen=True)
class Look:
    """One answer of /stats. `terms`: the conservation line, counts by name. `latency_ms`: accept to ready of all it ever judged."""

    at_s: float
    terms: dict[str, int] = field(default_factory=dict)
    incidents: int = 0
    balanced: bool = True
    latency_ms: dict[str, float] = field(default_factory=dict)

    @property
    def backlog(self) -> int:
        return self.terms.get("pending", 0) + self.terms.get("processing", 0)

    @property
    def unanswered(self) -> int:
        """What agents have still to do."""
        return self.backlog + self.terms.get("ready", 0) + self.terms.get("claimed", 0)


async def look(pool: Pool, at_s: float) -> Look | None:
    """None: the house did not say."""
    answer = await pool.fetch("GET", "/stats")
    if answer.status != 200:
        return None
    try:
        said = json.loads(answer.body)
        return Look(at_s, said["conservation"], said["incidents"], said["balanced"], said["latency_ms"])
    except (ValueError, KeyError, TypeError):
        return None


class Watch:
    """From `start` to `stop`. `clock`: seconds since the storm began. `looks` are in order of time; `loop_lag` is of the sending."""

    def __init__(self, pool: Pool, clock: Callable[[], float]) -> None:
        self.sending = True
        self.looks: list[Look] = []
        self.loop_lag = Histogram()
        self._pool = pool
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._probe())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def now(self) -> Look | None:
        """One more, kept with the others."""
        seen = await look(self._pool, self._clock())
        if seen is not None:
            self.looks.append(seen)
        return seen

    async def _watch(self) -> None:
        while True:
            await self.now()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _probe(self) -> None:
        while self.sending:
            due = time.monotonic() + PROBE_S
            await asyncio.sleep(PROBE_S)
            self.loop_lag.record(time.monotonic() - due)
