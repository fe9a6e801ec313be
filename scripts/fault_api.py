"""Faults of the API: killed while requests are under way, and frozen while agents pull."""

import asyncio
import time

from scripts.fault_drill import RECOVERY_DEADLINE_S, Drill, Fault
from scripts.fault_house import API, CLAIM_LEASE_S
from scripts.fault_table import Row

BURST = 48
# Past every lease that was granted as it froze.
FROZEN_S = CLAIM_LEASE_S + 1.0


async def kill_in_mid_request(drill: Drill, row: Row) -> None:
    """SIGKILL while a burst comes in and agents wait in long polls; the clients try again under their keys."""
    retries, replays = drill.books.retries, drill.books.replays
    drill.load.burst(BURST)
    await asyncio.sleep(drill.rng.random() * 0.06)
    in_flight = await drill.in_flight() + drill.load.in_flight
    drill.house.kill(API)
    began = time.monotonic()
    drill.house.start(API)
    await drill.ready(API)
    await drill.settle(row)
    row.struck(in_flight, time.monotonic() - began)
    row.note("retries of clients", drill.books.retries - retries)
    row.note("of them accepted before", drill.books.replays - replays)


async def freeze(drill: Drill, row: Row) -> None:
    """SIGSTOP longer than the agents' leases: what it knows of them when it goes on is out of date."""
    in_flight = await drill.in_flight() + drill.load.in_flight
    drill.load.burst(BURST)
    await asyncio.sleep(drill.rng.random() * 0.06)
    drill.house.freeze(API)
    await asyncio.sleep(FROZEN_S)
    drill.house.thaw(API)
    recovery_s = await drill.settle(row)
    row.struck(in_flight, recovery_s)
    if recovery_s > RECOVERY_DEADLINE_S:
        row.failures.append(f"a frozen API took {recovery_s:.1f} s to recover")


FAULTS = (
    Fault("kill-api", "kill -9 of the API in mid-request", 10, 1, kill_in_mid_request),
    Fault("freeze-api", "API frozen past the agents' leases", 2, 0, freeze),
)
