"""Requests that no honest client sends. Each must be refused with a 4xx, or outlived; none may ever be answered with a 5xx."""

import asyncio
import itertools
import json
import random
import re
import ssl
from collections import Counter
from contextlib import suppress

from scripts.storm_target import Target

# So many at once. Each has a connection of its own, since some of them break theirs.
MOST_AT_ONCE = 64
TIMEOUT_S = 10.0
# Larger than any MAX_BODY_BYTES may be set to. Declared only: a server that reads it all first has failed already.
HUGE_BYTES = 64 * 1024 * 1024
# Of a declared huge body; the server may hang up in the middle of it.
HUGE_SENT_BYTES = 128 * 1024
DEEP_LEVELS = 50_000
# What a half-sent request's sender waits before hanging up.
HALF_PAUSE_S = 0.05

REFUSED, SERVER_ERROR, TAKEN, SILENT, HUNG_UP = "refused", "server error", "taken", "no answer", "we hung up"
# The outcomes that are a fault of the house.
WRONG = (SERVER_ERROR, TAKEN, SILENT)

# Bodies of POST /tickets, as they stand.
BODIES: dict[str, bytes] = {
    "invalid JSON": b'{"subject": "half',
    "not an object": b'["subject", "body"]',
    "empty body": b"",
    "not UTF-8": b'{"subject": "\xff\xfe\xc3"}',
    "not a number": b'{"subject": "x", "metadata": {"n": NaN}}',
    "name twice": b'{"subject": "x", "subject": "y"}',
    "wrong type": b'{"subject": 5, "body": ["x"], "metadata": "text"}',
    "wrong id": b'{"subject": "x", "ticket_id": "../../etc/passwd"}',
    "unknown field": b'{"subject": "x", "is_admin": true}',
    "blank": b'{"subject": "  ", "body": "\\n\\t"}',
    "control characters": b'{"subject": "ring \\u0007 the \\u001b[31mbell\\u0000"}',
    "lone surrogate": b'{"subject": "\\ud800"}',
    "deep nesting": b'{"subject": "x", "metadata": {"a": ' + b"[" * DEEP_LEVELS + b"]" * DEEP_LEVELS + b"}}",
    "long number": b'{"subject": "x", "metadata": {"n": ' + b"9" * 5_000 + b"}}",
    "long subject": json.dumps({"subject": "x" * 20_000}).encode(),
    "thousands of names": json.dumps({f"name{n}": n for n in range(5_000)}).encode(),
}

# Method and path of requests that are wrong before their body is looked at.
PATHS: dict[str, tuple[str, str]] = {
    "no such path": ("POST", "/tickets/../admin"),
    "wrong method": ("DELETE", "/tickets"),
    "wrong query": ("POST", "/tickets?wait=forever"),
    "bad cursor": ("GET", "/tickets?cursor=%00%ff&limit=0"),
    "bad id": ("GET", "/tickets/%00%0d%0aSet-Cookie:x/status"),
    "stale lease": ("POST", "/tickets/no-such-ticket/resolve"),
}


def requests(target: Target) -> dict[str, bytes]:
    """Kind -> the whole request, or for a kind that begins with "half" what of it is sent before hanging up."""
    good = target.request("POST", "/tickets", b'{"subject": "never to be accepted"}')
    made = {kind: target.request("POST", "/tickets", body) for kind, body in BODIES.items()}
    made |= {kind: target.request(*call, b'{"lease_token": "x"}') for kind, call in PATHS.items()}
    made["wrong media type"] = target.request("POST", "/tickets", b"subject=x", media_type="text/plain")
    made["huge"] = good.replace(b"Content-Length: 35", b"Content-Length: %d" % HUGE_BYTES) + b"x" * HUGE_SENT_BYTES
    made["no HTTP"] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello?\r\n\r\n"
    made["two lengths"] = good.replace(b"Content-Length: 35", b"Content-Length: 35\r\nContent-Length: 4")
    made["half a head"] = good[:40]
    made["half a body"] = good[:-17]
    return made


class Hostility:
    """`send` fires one of them, in turn; `outcomes` counts (kind, outcome), `statuses` the answers' codes by kind."""

    def __init__(self, target: Target, rng: random.Random) -> None:
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.statuses: Counter[tuple[str, int]] = Counter()
        self._target = target
        kinds = list(requests(target).items())
        rng.shuffle(kinds)
        self._requests = itertools.cycle(kinds)
        self._at_once = asyncio.Semaphore(MOST_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._tls = ssl.create_default_context() if target.tls else None

    def send(self, turn: asyncio.Event | None = None) -> None:
        """Fires the next one. `turn` is set when it has its outcome."""
        task = asyncio.create_task(self._send(*next(self._requests)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if turn is not None:
            task.add_done_callback(lambda _: turn.set())

    async def settle(self) -> None:
        """Returns when all have their outcome."""
        await asyncio.gather(*self._tasks)

    @property
    def wrong(self) -> int:
        """Those that the house answered with a 5xx, or took, or left without any answer."""
        return sum(count for (_, outcome), count in self.outcomes.items() if outcome in WRONG)

    async def _send(self, kind: str, request: bytes) -> None:
        async with self._at_once:
            status = 0
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                async with asyncio.timeout(TIMEOUT_S):
                    status = await self._exchange(request, half=kind.startswith("half"))
            self.outcomes[kind, HUNG_UP if kind.startswith("half") else _outcome(status)] += 1
            if status:
                self.statuses[kind, status] += 1

    async def _exchange(self, request: bytes, *, half: bool) -> int:
        """The status of the answer; 0 for none. Raises OSError and IncompleteReadError."""
        reader, writer = await asyncio.open_connection(self._target.host, self._target.port, ssl=self._tls)
        try:
            writer.write(request)
            if half:
                await asyncio.sleep(HALF_PAUSE_S)
                return 0
            # Not drained: a refusal may come before a huge body is through.
            found = re.match(rb"HTTP/1\.1 (\d{3})", await reader.readuntil(b"\r\n"))
            return int(found[1]) if found else 0
        finally:
            writer.transport.abort()


def _outcome(status: int) -> str:
    if not status:
        return SILENT
    return SERVER_ERROR if status >= 500 else REFUSED if status >= 400 else TAKEN
