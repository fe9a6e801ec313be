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
# The API takes a ticket back at once when its answer was refused. An answer that had arrived, and that this busy process threw
# away unread, is lost with its token: then the lease runs out, and the sweep follows.
BACK_WITHIN_S = CLAIM_LEASE_S + 3.0


async def send_and_hang_up(port: int, request: bytes, after_s: float) -> None:
    """Sends bytes to the API and closes without reading."""
    with suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        await writer.drain()
        await asyncio.sleep(after_s)
        writer.transport.abort()


async def poll_and_hang_up(drill: Drill, patience_s: float) -> int:
    """Long polls one after the other, given up after `patience_s` in the middle of one. How many were answered before."""
    reader, writer = await asyncio.open_connection("127.0.0.1", drill.house.api_port)
    answered = 0
    hang_up_at = asyncio.get_running_loop().time() + patience_s
    try:
        while True:
            writer.write(POLL)
            answer = asyncio.create_task(answer_in(reader))
            await asyncio.wait([answer], timeout=hang_up_at - asyncio.get_running_loop().time())
            if not answer.done():
                writer.transport.abort()
            # What this process had read by the hang-up was answered before.
            head, body = await answer
            answered += 1
            await handle(drill, head, body)
    except asyncio.IncompleteReadError:
        return answered
    finally:
        writer.transport.abort()


async def answer_in(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The head and the body of one answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return head, await reader.readexactly(int(length[1]) if length else 0)


async def handle(drill: Drill, head: bytes, body: bytes) -> None:
    """A ticket that came is resolved; a Redis that is away is no surprise."""
    if head.startswith(b"HTTP/1.1 200"):
        lease = drill.agents.grant(json.loads(body), "caller")
        if lease is not None:
            await drill.agents.resolve(lease)
    elif not head.startswith(b"HTTP/1.1 503"):
        drill.books.fail(f"a long poll was answered {head[:12]!r}: {body[:200]!r}")


async def cancelled_polls(drill: Drill, row: Row) -> None:
    """Agents wait with ?wait=20; tickets arrive at the very moment at which they hang up."""
    async with drill.load.quiet(), drill.agents.away():
        polls = [
            asyncio.create_task(poll_and_hang_up(drill, WAITING_S + drill.rng.random() * SPREAD_S))
            for _ in range(POLLS)
        ]
        await asyncio.sleep(WAITING_S)
        tickets = []
        for _ in range(POLLS):
            tickets.append(drill.load.post())
            await asyncio.sleep(drill.rng.random() * 2 * SPREAD_S / POLLS)
        ids = list(filter(None, await asyncio.gather(*tickets)))
        row.note("polls answered before", sum(await asyncio.gather(*polls)))
        in_flight = await drill.in_flight()
        began = time.monotonic()

        async def nobody_holds_any() -> bool:
            statuses = {(await drill.audit.record(ticket_id, "status"))[0] for ticket_id in ids}
            return not statuses & {"claimed", "pending", "processing"}

        if await drill.until(nobody_holds_any, within_s=BACK_WITHIN_S) is None:
            row.failures.append(f"tickets of agents who hung up are not back: {await drill.audit.sizes()}")
        recovery_s = time.monotonic() - began
    for _ in range(POLLS):
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
