"""Wins an ailing model back: waits out the breaker, probes, and tells the log how long the outage was.

Runs beside the tickets, so the breaker closes again with or without traffic, and no ticket is ever the probe.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from ml.breaker import Breaker, BreakerState
from ml.messages import ModelAway, ModelBusy, ModelFailed
from ml.process import ModelProcess

logger = logging.getLogger(__name__)


class Healer:
    """`probe()` has the model judge something and returns (milliseconds, tokens); it raises what `ModelProcess` raises.

    `meanwhile`: what happens while the model is away, for the log.
    """

    def __init__(
        self,
        process: ModelProcess[Any, Any],
        breaker: Breaker,
        turn: asyncio.Lock,
        probe: Callable[[], Awaitable[tuple[float, int]]],
        *,
        meanwhile: str,
        clock: Callable[[], float],
    ) -> None:
        self._process = process
        self._breaker = breaker
        self._turn = turn
        self._probe_model = probe
        self._meanwhile = meanwhile
        self._clock = clock
        self._opened = asyncio.Event()
        self._closed = asyncio.Event()
        self._closed.set()
        self._outage_began_s: float | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._heal(), name="model-healer")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def wait_closed(self) -> None:
        await self._closed.wait()

    def watch(self) -> None:
        """To be called after anything that may have moved the breaker."""
        if self._breaker.state is not BreakerState.CLOSED:
            self._opened.set()
            self._closed.clear()
            if self._outage_began_s is None:
                self._outage_began_s = self._clock()
                logger.warning("%s from now on: %s", self._meanwhile, self._breaker.status().reason)
        elif self._outage_began_s is not None:
            self._closed.set()
            away_s = self._clock() - self._outage_began_s
            logger.info("the model is back after %.1f s (%s meanwhile)", away_s, self._meanwhile)
            self._outage_began_s = None

    async def _heal(self) -> None:
        while True:
            await self._opened.wait()
            self._opened.clear()
            while self._breaker.state is not BreakerState.CLOSED:
                await asyncio.sleep(self._breaker.probe_in_s())
                await self._process.wait_ready()
                await self._process.wait_idle()
                async with self._turn:
                    await self._probe()

    async def _probe(self) -> None:
        permit = self._breaker.acquire_probe()
        if permit is None:
            return
        try:
            elapsed_ms, tokens = await self._probe_model()
            self._breaker.succeed(permit, elapsed_ms=elapsed_ms, tokens=tokens)
        except ModelFailed as error:
            self._breaker.fail(permit, str(error))
        except (ModelAway, ModelBusy):
            pass  # Says nothing about the model; the loop waits for it and probes again.
        finally:
            self._breaker.release(permit)
            self.watch()
