"""Clients that hang up: in the middle of a request, before the answer, and while waiting for a ticket."""

import asyncio
import json
import re
import time
from contextlib import suppress

from scripts.fault_drill import RECOVERY_DEADLINE_S, Drill, Fault
from scripts.fault_house import CLAIM_LEASE_S
from scripts.fault_table import Row

POLL = b"POST /tickets/next?wait=20 HTTP/1.1\r\nHost: drill\r\nContent-Length: 0\r\n\r\n"
POLLS = 20
# By then every poll stands in line.
WAITING_S = 0.3
# The tickets come over about as long.
SPREAD_S = 0.05
REQUESTS = 20
# An API that hears of the hang-up gives the ticket back at once. An answer that was on its way by then is lost with its
# token: then the lease runs out, and the sweep follows.
BACK_WITHIN_S = CLAIM_LEASE_S + 3.0


async def send_and_hang_up(port: int, request: bytes, after_s: float) -> None:
    """Sends bytes to the API and closes without reading."""
    with suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        await writer.drain()
        await asyncio.sleep(after_s)
        writer.transport.abort()


async def poll_and_hang_up(drill: Drill, patience_s: float) -> bool:
    """A long poll that is given up after `patience_s`; a ticket that came in time is given back. True: one had come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", drill.house.api_port)
    answer, head = b"", b""
    try:
        writer.write(POLL)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head.lower())
                answer = await reader.readexactly(int(length[1]) if length else 0)
    finally:
        writer.transport.abort()
    if answer and b" 200 " not in head[:16]:
        drill.books.fail(f"a long poll was answered {head[:16]!r}: {answer[:200]!r}")
        return True
    lease = drill.agents.grant(json.loads(answer), "caller") if answer else None
    if lease is not None:
        await drill.agents.release(lease)
    return lease is not None


async def cancelled_polls(drill: Drill, row: Row) -> None:
    """Agents wait with ?wait=20; tickets arrive at the very moment at which they hang up."""
    async with drill.load.quiet(), drill.agents.away():
        # What the agents left behind is out of the way, so that the polls really wait.
        ready = (await drill.audit.sizes())["ready"]
        polls = [
            asyncio.create_task(poll_and_hang_up(drill, WAITING_S + drill.rng.random() * SPREAD_S)) for _ in range(POLLS)
        ]
        await asyncio.sleep(WAITING_S)
        tickets = []
        for _ in range(POLLS):
            tickets.append(drill.load.post())
            await asyncio.sleep(drill.rng.random() * 0.005)
        await asyncio.gather(*tickets)
        answered = sum(await asyncio.gather(*polls))
        in_flight = await drill.in_flight() + ready
        began = time.monotonic()

        async def nobody_holds_any() -> bool:
            sizes = await drill.audit.sizes()
            return sizes["claimed"] + sizes["pending"] + sizes["processing"] == 0

        if await drill.until(nobody_holds_any, within_s=BACK_WITHIN_S) is None:
            row.failures.append(f"tickets of agents who hung up are not back: {await drill.audit.sizes()}")
        recovery_s = time.monotonic() - began
    row.note("answered in time", answered)
    for _ in range(POLLS - answered):
        row.struck(in_flight, recovery_s)


async def hang_ups(drill: Drill, row: Row) -> None:
    """Half a request, or a whole one whose answer nobody reads; then the same again under the same key, to the end."""
    keys, tasks = [], []
    for _ in range(REQUESTS):
        key, body = f"hang-up-{drill.rng.getrandbits(48):x}", drill.load.text(drill.load.sent)
        payload = f'{{"subject": "{body}"}}'.encode()
        request = (
            f"POST /tickets HTTP/1.1\r\nHost: drill\r\nContent-Type: application/json\r\nIdempotency-Key: {key}\r\n"
            f"Content-Length: {len(payload)}\r\n\r\n"
        ).encode() + payload
        if drill.rng.random() < 0.5:
            request = request[: -len(payload) // 2]
        keys.append((key, body))
        tasks.append(send_and_hang_up(drill.house.api_port, request, drill.rng.random() * 0.01))
    in_flight = await drill.in_flight()
    await asyncio.gather(*tasks)
    await asyncio.gather(*(drill.load.submit(key, body) for key, body in keys))
    recovery_s = await drill.settle(row)
    for _ in range(REQUESTS):
        row.struck(in_flight + REQUESTS, recovery_s)
    if recovery_s > RECOVERY_DEADLINE_S:
        row.failures.append("hang-ups held the house up")


FAULTS = (
    Fault("cancel-polls", "agents hang up while waiting", 5, 1, cancelled_polls),
    Fault("hang-ups", "clients hang up in mid-request", 5, 1, hang_ups),
)
