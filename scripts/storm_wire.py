"""HTTP/1.1 at the cost of a write and a parse: callbacks instead of futures, and no model of requests and headers.

httpx needs more processor time for a request than the API it would measure; here a request costs some ten microseconds.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, cast

import httptools

from scripts.storm_target import Target

# How exactly a timeout is kept.
SWEEP_S = 0.05
# uvicorn closes a connection that was silent for 5 s; a request that crosses the goodbye on its way would be cut.
IDLE_MAX_S = 3.0

# Why no answer came. DROPPED was never sent: no connection got free in time. Of CUT and TIMEOUT nobody knows if they arrived.
DROPPED, REFUSED, CUT, TIMEOUT, GARBLED = "dropped", "refused", "cut", "timeout", "garbled"


class Answer(NamedTuple):
    """`trouble` is one of the words above, or empty. `status` 0: none came."""

    status: int
    body: bytes
    trouble: str = ""


Done = Callable[[Answer], None]


class _Job(NamedTuple):
    request: bytes
    done: Done
    deadline: float


class Pool:
    """At most `most` connections, one request at a time on each; what finds none free waits, in order."""

    def __init__(self, target: Target, *, most: int, timeout_s: float) -> None:
        self.target = target
        self.timeout_s = timeout_s
        self._most = most
        self._loop = asyncio.get_running_loop()
        self._tls = ssl.create_default_context() if target.tls else None
        self._idle: list[_Connection] = []
        self._busy: set[_Connection] = set()
        self._waiting: deque[_Job] = deque()
        self._opening: set[asyncio.Task[None]] = set()
        self._sweeping = asyncio.create_task(self._sweep())

    @property
    def in_flight(self) -> int:
        """Sent and not answered, or waiting to be sent."""
        return len(self._busy) + len(self._waiting)

    def ask(self, request: bytes, done: Done, *, deadline: float | None = None) -> None:
        """`done` is called exactly once. `deadline`: loop time, s; by default `timeout_s` from now."""
        job = _Job(request, done, self._loop.time() + self.timeout_s if deadline is None else deadline)
        if self._idle:
            self._give(self._idle.pop(), job)
        else:
            self._waiting.append(job)
            self._open()

    async def fetch(self, method: str, path: str, body: bytes = b"") -> Answer:
        answer: asyncio.Future[Answer] = self._loop.create_future()

        def done(came: Answer) -> None:
            if not answer.done():
                answer.set_result(came)

        self.ask(self.target.request(method, path, body), done)
        return await answer

    async def close(self) -> None:
        """What is still unanswered is cut."""
        self._sweeping.cancel()
        for task in [*self._opening]:
            task.cancel()
        await asyncio.gather(self._sweeping, *self._opening, return_exceptions=True)
        for connection in [*self._idle, *self._busy]:
            connection.end(CUT)
        while self._waiting:
            self._waiting.popleft().done(Answer(0, b"", DROPPED))
        await asyncio.sleep(0)  # transports close in the loop's next turn

    def _give(self, connection: "_Connection", job: _Job) -> None:
        self._busy.add(connection)
        connection.ask(job)

    def _open(self) -> None:
        if len(self._idle) + len(self._busy) + len(self._opening) < self._most:
            task = asyncio.create_task(self._connect())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(self.timeout_s):
                await self._loop.create_connection(
                    lambda: _Connection(self), self.target.host, self.target.port, ssl=self._tls
                )
        except (OSError, TimeoutError):
            if self._waiting:
                self._waiting.popleft().done(Answer(0, b"", REFUSED))
            if self._waiting:
                self._open()

    def free(self, connection: "_Connection") -> None:
        """A connection has nothing to do."""
        self._busy.discard(connection)
        if self._waiting:
            self._give(connection, self._waiting.popleft())
        else:
            self._idle.append(connection)

    def lost(self, connection: "_Connection") -> None:
        self._busy.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if self._waiting:
            self._open()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            now = self._loop.time()
            while self._waiting and self._waiting[0].deadline < now:
                self._waiting.popleft().done(Answer(0, b"", DROPPED))
            for connection in [one for one in self._busy if one.deadline < now]:
                connection.end(TIMEOUT)
            for connection in [one for one in self._idle if one.deadline < now - IDLE_MAX_S]:
                connection.end(CUT)
            if self._waiting:
                self._open()


class _Connection(asyncio.Protocol):
    """`deadline`: loop time, s; of the request in flight, or when it became idle."""

    def __init__(self, pool: Pool) -> None:
        self.deadline = 0.0
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._done: Done | None = None
        self._parts: list[bytes] = []

    def ask(self, job: _Job) -> None:
        self.deadline, self._done, self._parts = job.deadline, job.done, []
        if self._transport is not None:
            self._transport.write(job.request)

    def end(self, trouble: str) -> None:
        if self._transport is not None:
            self._transport.abort()
        self._finish(Answer(0, b"", trouble), keep=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's do not inherit from it
        self._idle()

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(Answer(0, b"", CUT), keep=False)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.end(GARBLED)

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        keep = self._parser.should_keep_alive()
        self._finish(Answer(self._parser.get_status_code(), body), keep=keep)
        if not keep and self._transport is not None:
            self._transport.close()

    def _finish(self, answer: Answer, *, keep: bool) -> None:
        done, self._done = self._done, None
        if keep:
            self._idle()
        else:
            self._pool.lost(self)
        if done is not None:
            done(answer)

    def _idle(self) -> None:
        self.deadline = self._loop.time()
        self._pool.free(self)
