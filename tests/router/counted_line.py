"""A server on a real socket, one connection to it, and each write of the server's counted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, cast

from starlette.applications import Starlette

from router.one_write import OneWriteProtocol
from router.server import Server, listen

# What the slowest machine may take; a quick one never waits for it.
PATIENCE_S = 10.0
HEAD_END = b"\r\n\r\n"


class Line(NamedTuple):
    """A connection to the server. `writes`: what the server gave to the real transport, one entry a write."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    writes: list[bytes]

    def ask(self, method: str, path: str, *headers: str, body: bytes = b"") -> None:
        about_body = (f"Content-Length: {len(body)}", "Content-Type: application/json") if body else ()
        head = (f"{method} {path} HTTP/1.1", "Host: x", *about_body, *headers)
        self.writer.write("\r\n".join(head).encode() + HEAD_END)
        if "Expect: 100-continue" not in headers:
            self.writer.write(body)

    async def head(self) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(HEAD_END), PATIENCE_S)

    async def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer, whose length its head tells."""
        status, *headers = (await self.head()).decode().lower().splitlines()
        lengths = [int(line.split(":")[1]) for line in headers if line.startswith("content-length:")]
        body = await asyncio.wait_for(self.reader.readexactly(sum(lengths)), PATIENCE_S)
        return int(status.split()[1]), body

    async def rest(self) -> bytes:
        """All until the server closes."""
        return await asyncio.wait_for(self.reader.read(), PATIENCE_S)


class Noted:
    """The real transport, and a list of what is written to it."""

    def __init__(self, transport: asyncio.Transport, writes: list[bytes]) -> None:
        self._transport = transport
        self._writes = writes

    def write(self, data: bytes) -> None:
        self._writes.append(bytes(data))
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@asynccontextmanager
async def line_to(app: Starlette) -> AsyncIterator[Line]:
    writes: list[bytes] = []

    class Watched(OneWriteProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(cast(asyncio.Transport, Noted(transport, writes)))

    listener = listen("127.0.0.1", 0)
    server = Server(app)
    server.config.http_protocol_class = Watched
    server.config.http = Watched
    running = asyncio.create_task(server.serve([listener]))
    line = Line(*await asyncio.open_connection(*listener.getsockname()), writes)
    try:
        yield line
    finally:
        line.writer.close()
        await line.writer.wait_closed()
        server.stop()
        await running
