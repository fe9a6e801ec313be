"""An answer leaves in one piece. uvicorn writes head and body apart, and each write is a system call that wakes the caller."""

from asyncio import Transport
from typing import Any, cast

from router.handover import HandoverProtocol

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class OneWrite:
    """One answer's transport: its head waits for the first part of its body, which ASGI promises to follow."""

    __slots__ = ("_head", "_head_is_out", "_transport")

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None
        self._head_is_out = False

    def write(self, data: bytes) -> None:
        if self._head_is_out or data == CONTINUE:
            self._transport.write(data)
        elif self._head is None:
            self._head = data
        else:
            self._head_is_out = True
            self._transport.write(self._head + data)

    def close(self) -> None:
        """What was said so far still goes out."""
        if self._head is not None and not self._head_is_out:
            self._head_is_out = True
            self._transport.write(self._head)
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


class OneWriteProtocol(HandoverProtocol):
    """uvicorn's HTTP protocol with such transports for its answers."""

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        cycle: Any = self.cycle  # None, or the last request's, where this one is no request but an upgrade
        # The answer to a HEAD has no body to wait for.
        if cycle is not None and cycle.scope is self.scope and cycle.scope["method"] != "HEAD":
            cycle.transport = cast(Transport, OneWrite(self.transport))
