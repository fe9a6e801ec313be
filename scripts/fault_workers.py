"""Faults of workers: killed in the middle of a batch, frozen past their lease, with a wall clock that jumped."""

import asyncio
import time

from scripts.fault_drill import RECOVERY_DEADLINE_S, Drill, Fault
from scripts.fault_house import PROCESSING_LEASE_S, WORKERS
from scripts.fault_table import Row

# Tickets that wait when the workers go on: a full batch for each, and some more.
BURST = 48
# A worker judges a batch within milliseconds, so it is stopped at a random moment of the first few and looked at.
FIRST_MS = 12
LOOKS = 40
# What the other worker holds is finished by then; what is still held is the frozen one's.
STILL_HELD_S = 0.05
SWEEP_S = 1.0
# The wall clock of one process, an hour ahead as long as a file stands. Monotonic time stays as it is, as on a real machine.
JUMPING_CLOCK = """
import os, time
wall, wall_ns = time.time, time.time_ns
def ahead():
    return 3600 if os.path.exists({flag!r}) else 0
time.time = lambda: wall() + ahead()
time.time_ns = lambda: wall_ns() + ahead() * 10**9
"""
LATE_LINE = "late results dropped"


async def frozen_in_mid_batch(drill: Drill, worker: str) -> dict[str, str]:
    """Freezes the worker while it holds tickets: ticket id -> the batch's token. Empty: it never held any, and runs on.

    Both workers stand still for the moment in which a burst comes in, so that they wake to full batches.
    """
    for _ in range(LOOKS):
        for name in WORKERS:
            drill.house.freeze(name)
        await asyncio.gather(*(drill.load.post() for _ in range(BURST)))
        for name in WORKERS:
            drill.house.thaw(name)
        await asyncio.sleep(drill.rng.random() * FIRST_MS / 1000)
        drill.house.freeze(worker)
        if first := await drill.audit.held():
            await asyncio.sleep(STILL_HELD_S)
            second = await drill.audit.held()
            if held := {ticket_id: token for ticket_id, token in second.items() if first.get(ticket_id) == token}:
                return held
        drill.house.thaw(worker)
    return {}


async def kill_in_mid_batch(drill: Drill, row: Row) -> None:
    worker = WORKERS[len(drill.watching) % 2]
    held = await frozen_in_mid_batch(drill, worker)
    in_flight = await drill.in_flight()
    drill.house.kill(worker)
    drill.watching.append(asyncio.create_task(watch(drill, row, held, in_flight)))
    drill.house.start(worker)
    await drill.ready(worker)


async def watch(drill: Drill, row: Row, held: dict[str, str], in_flight: int) -> None:
    """What the dead worker held is judged by another."""
    began = time.monotonic()
    if await drill.until(lambda: drill.judged(held), within_s=RECOVERY_DEADLINE_S) is None:
        row.failures.append(
            f"{len(held)} tickets of a killed worker were not judged within {RECOVERY_DEADLINE_S:.0f} s"
        )
    row.struck(in_flight, time.monotonic() - began)
    again = await drill.audit.attempts(list(held))
    row.note("in mid-batch", any(count > 1 for count in again.values()))
    row.note("tickets in their hands", len(held))
    row.note("tickets judged again", sum(count > 1 for count in again.values()))


async def freeze_past_the_lease(drill: Drill, row: Row) -> None:
    worker = WORKERS[row.times % 2]
    lines = drill.house.parts[worker].words().count(LATE_LINE)
    held = await frozen_in_mid_batch(drill, worker)
    began = time.monotonic()
    in_flight = await drill.in_flight()
    if not held:
        row.failures.append("the worker was never caught with a batch in its hands")
        return
    judged_s = await drill.until(lambda: drill.judged(held), within_s=RECOVERY_DEADLINE_S)
    row.struck(in_flight, time.monotonic() - began)
    if judged_s is None:
        row.failures.append(f"{len(held)} tickets of a frozen worker were not judged by the other")
    before = await verdicts(drill, held)
    drill.house.thaw(worker)

    async def said_so() -> bool:
        return drill.house.parts[worker].words().count(LATE_LINE) > lines

    if await drill.until(said_so, within_s=PROCESSING_LEASE_S + SWEEP_S) is None:
        row.failures.append("the late results were not logged")
    if await verdicts(drill, held) != before:
        row.failures.append("a late result changed a ticket")
    row.note("late results dropped", len(held))


async def verdicts(drill: Drill, ids: dict[str, str]) -> dict[str, list[str | None]]:
    """What a worker writes. Agents change other fields meanwhile."""
    return {i: await drill.audit.record(i, "processing_ms", "attempts", "category", "engine") for i in ids}


async def jump_the_clock(drill: Drill, row: Row) -> None:
    """One worker's and then nobody's wall clock is an hour ahead. Leases and order follow Redis's clock, so nothing changes."""
    worker = WORKERS[1]
    flag = drill.folder / "an-hour-ahead"
    await drill.restart(worker, prelude=JUMPING_CLOCK.format(flag=str(flag)))
    known = set(drill.books.accepted)
    in_flight = await drill.in_flight()
    flag.touch()
    began = time.time()
    drill.load.burst(BURST)
    # Two sweeps of the jumped worker: it would take every lease for run out.
    await asyncio.sleep(2 * SWEEP_S + 0.5)
    async with drill.load.quiet():
        new = [ticket_id for ticket_id in drill.books.accepted if ticket_id not in known]
        await drill.until(lambda: drill.judged(new), within_s=RECOVERY_DEADLINE_S)
    row.struck(in_flight, 0.0)
    row.note("tickets under the jumped clock", len(new))
    for ticket_id in new:
        attempts, created_us = await drill.audit.record(ticket_id, "attempts", "created_us")
        if attempts != "1":
            row.failures.append(f"ticket {ticket_id} was taken {attempts} times under a jumped clock")
        if abs(int(created_us or 0) / 1_000_000 - began) > 60:
            row.failures.append(f"ticket {ticket_id} carries the jumped time")
    flag.unlink()


FAULTS = (
    Fault("kill-worker", "kill -9 of a worker in mid-batch", 50, 3, kill_in_mid_batch),
    Fault("freeze-worker", "worker frozen past its lease", 10, 1, freeze_past_the_lease),
    Fault("jump-clock", "a worker's wall clock an hour ahead", 2, 1, jump_the_clock),
)
