"""What runs beside the main loop, each at its own pace: the sweep, the second look, alerts, the heartbeat."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from broker import Broker
from broker.errors import Unavailable
from broker.presence import WorkerReport
from ml.judge import Judge

log = logging.getLogger(__name__)

Step = Callable[[], Awaitable[object]]


async def every(pause_s: float, step: Step, stopping: asyncio.Event) -> None:
    """Runs `step` until `stopping`. A Redis that is away only delays it: the broker has logged the outage."""
    while not stopping.is_set():
        try:
            await step()
        except Unavailable:
            pass
        except Exception:  # a bug in one chore must not end the others or the worker; it is logged and tried again
            log.exception("a chore failed")
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await stopping.wait()


async def sweep(broker: Broker) -> None:
    """Sweeps until nothing more is due, and says what it found."""
    while True:
        swept = await broker.recovery.sweep()
        if swept.rung or swept.expired or swept.unclaimed or swept.died:
            log.warning(
                "recovered: %d lost bells, %d processing leases run out (%d given up), %d agents' leases run out",
                swept.rung, swept.expired, swept.died, swept.unclaimed,
            )  # fmt: skip
        if not swept.full:
            return


async def expire(broker: Broker) -> None:
    """Forgets what is past its retention, in small steps."""
    while await broker.recovery.expire():
        pass


def report(
    worker_id: str, judge: Judge, slack: str, advisers: Mapping[str, Mapping[str, str]] | None = None
) -> WorkerReport:
    """What this worker says of itself."""
    status = judge.status()
    return WorkerReport(
        worker_id=worker_id,
        engine=status.engine,
        model_version=status.model_version or None,
        model=status.model,
        model_pid=status.model_pid,
        breaker=status.breaker,
        breaker_reason=status.reason,
        slack=slack,
        advisers=advisers or {},
    )
