"""A server on loopback that greets as Redis does, and otherwise says what the test tells it to.

async with scripted_redis() as server:
    ...                                     # somebody asks GET a
    line = await server.hears("GET", "a")   # whose connection it came over
    line.say(b"$1\\r\\n1\\r\\n")
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import hiredis

# What redis-py says first on a new connection, and what it wants to hear.
GREETINGS = {"HELLO": b"%1\r\n+proto\r\n:3\r\n", "CLIENT": b"+OK\r\n"}
# What the slowest machine may take; a quick one never waits for it.
PATIENCE_S = 10.0


class Line(asyncio.Protocol):
    """One connection, at the server's end."""

    transport: asyncio.Transport

    def __init__(self, server: "ScriptedRedis") -> None:
        self.ended = asyncio.Event()
        self._server = server
        self._reader = hiredis.Reader(encoding="utf-8", notEnoughData=None)
        self._kept: list[str] = []
        self._greeted = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        self._server.lines.append(self)
        self._server.called.set()

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (words := self._reader.gets()) is not None:
            if words[0] not in GREETINGS:
                self._server.heard.put_nowait((self, words))
            elif self._server.silent:
                self._kept.append(words[0])
            else:
                self._greet(words[0])

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()

    def greet(self) -> None:
        """What a silent server has not said yet. It is silent no more."""
        self._server.silent = False
        for word in self._kept:
            self._greet(word)

    def say(self, answer: bytes) -> None:
        self.transport.write(answer)

    def hang_up(self) -> None:
        """What was said still arrives."""
        self.transport.close()

    async def is_left(self) -> None:
        """Waits until the caller has hung up."""
        await asyncio.wait_for(self.ended.wait(), PATIENCE_S)

    def _greet(self, word: str) -> None:
        self.say(GREETINGS[word])
        self._greeted += 1
        if self._greeted == self._server.hangs_up_after:
            self.hang_up()


class ScriptedRedis:
    """`lines`: all connections so far. `silent`: greets nobody. `hangs_up_after`: that many greetings (0: never)."""

    def __init__(self) -> None:
        self.port = 0
        self.lines: list[Line] = []
        self.heard: asyncio.Queue[tuple[Line, list[str]]] = asyncio.Queue()
        self.called = asyncio.Event()
        self.silent = False
        self.hangs_up_after = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def hears(self, *words: str) -> Line:
        """Waits for the next command, which must be this one."""
        line, said = await asyncio.wait_for(self.heard.get(), PATIENCE_S)
        assert said == [*words]
        return line

    async def is_called(self) -> Line:
        """Waits for a connection. Returns the newest."""
        await asyncio.wait_for(self.called.wait(), PATIENCE_S)
        self.called.clear()
        return self.lines[-1]


@asynccontextmanager
async def scripted_redis() -> AsyncIterator[ScriptedRedis]:
    scripted = ScriptedRedis()
    server = await asyncio.get_running_loop().create_server(lambda: Line(scripted), "127.0.0.1", 0)
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()
        for line in scripted.lines:
            line.transport.abort()
            await line.is_left()
        await server.wait_closed()
