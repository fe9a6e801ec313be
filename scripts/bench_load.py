"""`python -m scripts.bench_load PORT`: fires `POST /tickets` over kept-alive connections and prints what came back as JSON.

A process of its own on raw sockets, for a client that costs less than what it measures: no HTTP library, requests are one
formatted byte string, of an answer only status and length are read. Each connection sends the next ticket as soon as its last
one was answered. Every ticket has a text and an idempotency key of its own.
"""

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections import Counter
from typing import Any, cast

import uvloop

BODY = (
    b'{"subject":"Charged twice for invoice %s","body":"My card shows two payments of the same day for one invoice. '
    b'Please send the second one back, our month closes on Friday.","requester":"ana@example.com",'
    b'"metadata":{"plan":"team","seats":40}}'
)
HEAD = (
    b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: */*\r\n"
    b"Idempotency-Key: %s\r\nContent-Length: %d\r\n\r\n"
)
NUMBER_DIGITS = 24
# Answers still under way when time is up.
LAST_ANSWERS_S = 5.0


class Tally:
    """What came back while the clock ran."""

    def __init__(self, path: bytes) -> None:
        length = len(BODY) - len(b"%s") + NUMBER_DIGITS
        self._request = HEAD % (path, b"%s", length) + BODY
        # Other runs send other tickets: the same key would be a replay.
        self._number = secrets.randbits(40) << 40
        self.sending = True
        self.counting = False
        self.under_way = 0
        self.latencies_ms: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.broken = 0

    def request(self) -> bytes:
        self._number += 1
        number = b"%024d" % (self._number % 10**NUMBER_DIGITS)
        return self._request % (number, number)


class Client(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._unread = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class, which is no subclass
        self._send()

    def _send(self) -> None:
        self._tally.under_way += 1
        self._began = time.perf_counter()
        self._transport.write(self._tally.request())

    def data_received(self, data: bytes) -> None:
        if self._unread:
            data = self._unread + data
        end = data.find(b"\r\n\r\n")
        if end < 0 or len(data) < end + 4 + _length(data):
            self._unread = data
            return
        self._unread = b""
        tally = self._tally
        tally.under_way -= 1
        tally.statuses[data[9:12].decode()] += 1
        if tally.counting:
            tally.latencies_ms.append((time.perf_counter() - self._began) * 1000)
        if tally.sending:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if self._tally.sending:
            self._tally.under_way -= 1
            self._tally.broken += 1


def _length(data: bytes) -> int:
    at = data.lower().find(b"content-length:") + len(b"content-length:")
    return int(data[at : data.index(b"\r\n", at)])


async def fire(port: int, path: bytes, connections: int, seconds: float, warm_up_s: float) -> dict[str, Any]:
    """Runs one measurement. `per_s` counts answers between warm-up and end; `refused` every answer but 2xx, at any time."""
    tally = Tally(path)
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: Client(tally), "127.0.0.1", port)
    await asyncio.sleep(warm_up_s)
    began, cpu_began = time.perf_counter(), time.process_time()
    tally.counting = True
    await asyncio.sleep(seconds)
    tally.counting = False
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    tally.sending = False
    give_up = time.monotonic() + LAST_ANSWERS_S
    while tally.under_way and time.monotonic() < give_up:  # noqa: ASYNC110 - an event would cost every answer
        await asyncio.sleep(0.01)
    latencies = sorted(tally.latencies_ms) or [0.0]
    return {
        "per_s": len(tally.latencies_ms) / took_s,
        "p50_ms": latencies[len(latencies) // 2],
        "p99_ms": latencies[int(len(latencies) * 0.99)],
        "refused": {status: count for status, count in tally.statuses.items() if not status.startswith("2")},
        "unanswered": tally.under_way + tally.broken,
        "client_cpu": cpu_s / took_s,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.bench_load", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("port", type=int)
    parser.add_argument("--path", default="/tickets")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--warm-up", type=float, default=0.3)
    options = parser.parse_args()
    fired = fire(options.port, options.path.encode(), options.connections, options.seconds, options.warm_up)
    print(json.dumps(uvloop.run(fired)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
