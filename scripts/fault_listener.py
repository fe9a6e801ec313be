"""What the drill's own servers share: a loopback port, and an end that waits for nobody."""

import asyncio
from abc import ABC, abstractmethod


class Listener(ABC):
    """`start`, then `stop`, in one event loop. Each connection is one task that runs `serve`."""

    def __init__(self) -> None:
        self.port = 0
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, which closes when this returns. Cancelled by `stop`."""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """The port is free and every connection closed when it returns."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self.serve(reader, writer)
        except asyncio.CancelledError:
            pass  # `stop`: the stream's own callback would log it as an error
        finally:
            self._connections.discard(task)
            writer.close()
