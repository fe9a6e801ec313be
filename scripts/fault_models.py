"""Faults of the models' own process: killed and frozen. Keywords judge meanwhile, and the models come back by themselves."""

import os
import signal
import time

from scripts.fault_alerts import probe
from scripts.fault_drill import READY_DEADLINE_S, Drill, Fault
from scripts.fault_house import WORKERS
from scripts.fault_table import Row

# A transformer beside an API, Redis, clients and agents on two cores.
RATE = 15.0
BURST = 16


async def with_models(drill: Drill) -> None:
    """Both workers judge with the shipped transformer from here on."""
    parts = [name for name in WORKERS if drill.house.parts[name].environment.get("ENGINE") != "minilm"]
    if parts:
        drill.load.rate = RATE
        await drill.restart(*parts, ENGINE="minilm")


async def strike(drill: Drill, row: Row, number: signal.Signals) -> None:
    await with_models(drill)
    worker = WORKERS[row.times % 2]
    report = await drill.report_of(worker)
    if report is None or report.model_pid is None:
        row.failures.append("the worker reports no model process")
        return
    struck_pid = report.model_pid
    drill.load.burst(BURST)
    in_flight = await drill.in_flight()
    os.kill(struck_pid, number)
    began = time.monotonic()
    await probe(drill, row)

    async def back() -> bool:
        now = await drill.report_of(worker)
        return now is not None and now.model == "ready" and now.model_pid != struck_pid and now.breaker == "closed"

    if await drill.until(back, within_s=READY_DEADLINE_S) is None:
        row.failures.append(f"the model of {worker} did not come back within {READY_DEADLINE_S:.0f} s")
    row.struck(in_flight, time.monotonic() - began)
    await drill.settle(row)


async def kill(drill: Drill, row: Row) -> None:
    await strike(drill, row, signal.SIGKILL)


async def freeze(drill: Drill, row: Row) -> None:
    """Nobody thaws it: the worker must notice and put another in its place."""
    await strike(drill, row, signal.SIGSTOP)


FAULTS = (
    Fault("kill-model", "kill -9 of the model process", 3, 0, kill),
    Fault("freeze-model", "model process frozen", 2, 0, freeze),
)
