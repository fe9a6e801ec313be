"""Poison: tickets that kill the worker that judges them, each time. They are given up alone, listed, and tried again on demand."""

import asyncio
import sys
import time
from collections.abc import Collection

from scripts.bootstrap import ROOT
from scripts.fault_drill import RECOVERY_DEADLINE_S, Drill, Fault
from scripts.fault_house import PROCESSING_LEASE_S, WORKERS
from scripts.fault_table import Row

MARK = "poisonous"
# The stand-in engine judges inside the worker's own process; this one takes it along, as a crash in native code would.
POISONABLE = f"""
import os, signal
from ml.stub import StubEngine
judge = StubEngine.judge
def judge_or_die(self, texts):
    if any({MARK!r} in text.subject for text in texts):
        os.kill(os.getpid(), signal.SIGKILL)
    return judge(self, texts)
StubEngine.judge = judge_or_die
"""
POISONS, ATTEMPTS = 4, 5
POISONS_SHORT, ATTEMPTS_SHORT = 2, 3
# Tickets beside each poison, which share its batches.
NEIGHBOURS = 12
# One attempt: a lease that runs out, a sweep that sees it, and a worker that starts, on a machine busy with this drill.
ATTEMPT_S = PROCESSING_LEASE_S + 6.0
REDRIVE_DEADLINE_S = 30.0


async def poison(drill: Drill, row: Row) -> None:
    """Workers die of it until it is given up; nobody else is. Cured workers judge it once somebody asks for that."""
    count, attempts = (POISONS_SHORT, ATTEMPTS_SHORT) if drill.short else (POISONS, ATTEMPTS)
    await drill.restart(*WORKERS, prelude=POISONABLE, MAX_ATTEMPTS=str(attempts))
    ids = await in_full_batches(drill, count)
    in_flight = await drill.in_flight()
    began = time.monotonic()
    deaths = 0

    async def given_up() -> bool:
        nonlocal deaths
        for worker in WORKERS:
            if not drill.house.parts[worker].is_running:
                deaths += 1
                drill.house.start(worker)
        return (await drill.audit.sizes())["dead"] >= count

    if await drill.until(given_up, within_s=count * attempts * ATTEMPT_S) is None:
        row.failures.append(f"{count} poisonous tickets were not given up: {await drill.audit.sizes()}")
    elapsed_s = time.monotonic() - began
    await compare(drill, row, ids, attempts)
    row.note("workers killed by them", deaths)
    await drill.restart(*WORKERS)
    await redrive(drill, row, ids)
    for _ in ids:
        row.struck(in_flight, elapsed_s)


async def in_full_batches(drill: Drill, count: int) -> list[str]:
    """Poisonous tickets with innocent ones around them, for workers who stand still until all of them wait; their ids."""
    for worker in WORKERS:
        drill.house.freeze(worker)
    ids = []
    for number in range(count):
        await asyncio.gather(*(drill.load.post() for _ in range(NEIGHBOURS)))
        ids.append(await drill.load.post(f"{MARK} {number}: {drill.load.text(drill.load.sent)}"))
    for worker in WORKERS:
        drill.house.thaw(worker)
    return [ticket_id for ticket_id in ids if ticket_id is not None]


async def compare(drill: Drill, row: Row, ids: Collection[str], attempts: int) -> None:
    """Exactly these are dead: in the list, in the numbers, and each with the reason and the attempts it had."""
    listed = (await drill.http.get("/tickets", params={"status": "dead", "limit": 200})).json()["items"]
    if {ticket["ticket_id"] for ticket in listed} != set(ids):
        row.failures.append(f"{len(listed)} tickets are listed as dead, {len(ids)} were poisonous")
    for ticket in listed:
        if ticket["attempts"] != attempts or not any(f"after {attempts} attempts" in why for why in ticket["reasons"]):
            row.failures.append(f"ticket {ticket['ticket_id']} was given up without saying why: {ticket['reasons']}")
    stats = await drill.stats()
    if not stats["balanced"] or stats["conservation"]["dead"] != len(ids):
        row.failures.append(f"the numbers do not count the dead: {stats['conservation']}")


async def redrive(drill: Drill, row: Row, ids: list[str]) -> None:
    """One by the call, the others by the command."""
    answer = await drill.http.post(f"/tickets/{ids[0]}/redrive")
    if answer.status_code != 200 or answer.json()["status"] == "dead":  # a cured worker may have it already
        row.failures.append(f"a redrive was answered {answer.status_code}: {answer.text[:200]}")
    said = await command("--url", drill.house.api_url)
    if not said.startswith(f"{len(ids) - 1} tried again"):
        row.failures.append(f"scripts.redrive said: {said!r}")
    if await drill.until(lambda: drill.judged(ids), within_s=RECOVERY_DEADLINE_S) is None:
        row.failures.append("redriven tickets were not judged")
    if dead := (await drill.audit.sizes())["dead"]:
        row.failures.append(f"{dead} tickets are still dead")
    row.note("tickets redriven", len(ids))


async def command(*arguments: str) -> str:
    """What `python -m scripts.redrive` says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.redrive", *arguments,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(REDRIVE_DEADLINE_S):
        said, _ = await process.communicate()
    return said.decode()


FAULTS = (Fault("poison", "tickets that kill their worker", 1, 1, poison),)
