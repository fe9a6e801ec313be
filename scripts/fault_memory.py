"""Redis at its memory limit: it evicts nothing and takes no more. Clients hear 503, and nothing accepted pays for it."""

import asyncio

from scripts.fault_drill import RECOVERY_DEADLINE_S, Drill, Fault
from scripts.fault_table import Row

# What is left above what Redis holds as the fault begins: some hundred tickets, and more than its buffers come and go by.
HEADROOM_BYTES = 512 * 1024
# Far below what it holds: every command that could need memory is refused.
TIGHT_BYTES = 1024 * 1024
BURST = 24
BURST_EVERY_S = 0.2
# Time at the limit, and again as long far beyond it. Several leases of workers and agents.
FULL_S = 6.0
FULL_SHORT_S = 1.5
# Filled by the steady pace and the bursts within a few seconds.
FILL_DEADLINE_S = 30.0


async def fill(drill: Drill, row: Row) -> None:
    """Until it is full, for a while; then the memory is given back and everything goes on by itself."""
    in_flight, before = await drill.in_flight(), drill.books.turned_away
    used = int((await command(drill, "INFO", "memory"))["used_memory"])
    await command(drill, "CONFIG", "SET", "maxmemory", str(used + HEADROOM_BYTES))
    full_s = FULL_SHORT_S if drill.short else FULL_S
    try:

        async def someone_was_turned_away() -> bool:
            drill.load.burst(BURST)
            await asyncio.sleep(BURST_EVERY_S)
            return drill.books.turned_away > before

        if await drill.until(someone_was_turned_away, within_s=FILL_DEADLINE_S) is None:
            row.failures.append(f"Redis was not full within {FILL_DEADLINE_S:.0f} s")
        await asyncio.sleep(full_s)
        await command(drill, "CONFIG", "SET", "maxmemory", str(TIGHT_BYTES))
        await asyncio.sleep(full_s)
        await look_around(drill, row)
        in_flight += drill.load.in_flight
    finally:
        await command(drill, "CONFIG", "SET", "maxmemory", "0")
    row.note("requests turned away", drill.books.turned_away - before)
    recovery_s = await drill.settle(row)
    row.struck(in_flight, recovery_s)
    if recovery_s > RECOVERY_DEADLINE_S:
        row.failures.append(f"a full Redis took {recovery_s:.1f} s to recover from")
    if evicted := int((await command(drill, "INFO", "stats"))["evicted_keys"]):
        row.failures.append(f"Redis evicted {evicted} keys")


async def look_around(drill: Drill, row: Row) -> None:
    """While it is full: a ticket is refused as the contract says, and what stands can be read."""
    answer = await drill.http.post("/tickets", json={"subject": "one more"})
    problem = answer.json().get("type")
    if answer.status_code != 503 or problem != "/problems/unavailable" or "Retry-After" not in answer.headers:
        row.failures.append(f"a ticket for a full Redis was answered {answer.status_code}: {answer.text[:200]}")
    for path in ("/queue", "/stats", "/livez"):
        look = await drill.http.get(path)
        if look.status_code != 200:
            row.failures.append(f"GET {path} was answered {look.status_code} by a full Redis")


async def command(drill: Drill, *words: str) -> dict[str, str]:
    """One command of an operator's. Raises Unavailable."""
    found: dict[str, str] = await drill.broker.store.command(*words)
    return found


FAULTS = (Fault("full-redis", "Redis full, at maxmemory with noeviction", 2, 1, fill),)
