"""An answer that hands something over, and takes it back if the caller hung up before it arrived.

HTTP knows no receipt, but TCP nearly does. A caller's end that is closed refuses what still comes (RST), and one that closes
says by then what it has taken (ACK). So these are sure signs that nobody has the answer:

- the caller's end was closed already as the answer was about to be written;
- it was closed before the answer came, and refused it.

Whatever else happens counts as delivered. That leaves one case to the lease: a connection that is reset without being closed
first. It is a caller who left with the answer unread, or a proxy that has read it and never says goodbye properly; from here
they look the same, and what was delivered must not be given to somebody else. And where the caller wants the connection closed
after the answer, we look only before it is written.
"""

import fcntl
import socket
import struct
import sys
import termios
import time
from asyncio import Transport
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "smart_support.handover"
# States of tcp(7), as TCP_INFO's first byte tells them.
TCP_ESTABLISHED, TCP_CLOSE = 1, 7
# An answer is refused or acknowledged within a round trip; a delayed acknowledgement takes 40 ms more.
LOOK_EVERY_S = 0.02
# Longer than any round trip. Whoever has said nothing by then may still have got the answer.
LOOK_UNTIL_S = 3.0

Lost = Callable[[], Coroutine[Any, Any, None]]


class Handover(Response):
    """`answer`, and `lost` is awaited once if it is certain that the caller never got it."""

    def __init__(self, answer: Response, lost: Lost) -> None:
        self.status_code, self.body, self.raw_headers = answer.status_code, answer.body, answer.raw_headers
        self.background = None
        self._lost = lost

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        line: HandoverProtocol | None = scope.get("extensions", {}).get(EXTENSION, {}).get("line")
        if line is not None and line.is_closed():
            await self._lost()
            return
        if line is not None:
            line.expect(scope, self._lost)
        # No turn of the loop lies between the look and the write.
        await super().__call__(scope, receive, send)


class Pending(NamedTuple):
    """What was handed over in the answer to the request of `scope`."""

    scope: Any
    lost: Lost


class HandoverProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which also notices that the last answer was for nobody."""

    _pending: Pending | None = None
    _look_until_s = 0.0

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: {"line": self}}

    def is_closed(self) -> bool:
        """The caller's end, this very moment: the kernel knows before the loop does."""
        return self.transport.is_closing() or tcp_state(self.transport) not in (None, TCP_ESTABLISHED)

    def expect(self, scope: Scope, lost: Lost) -> None:
        """The answer to this request comes next, and is watched until the connection ends or another request comes."""
        self._pending = Pending(scope, lost)

    def eof_received(self) -> bool:  # type: ignore[override] # uvicorn's says nothing, which closes
        """The caller's end is closed. True: not yet decided, so the connection stays open."""
        self._look_until_s = time.monotonic() + LOOK_UNTIL_S
        return self._undecided()

    def connection_lost(self, exc: Exception | None) -> None:
        # EPIPE: the caller's end had been closed, and refused the first part before the rest was written.
        if isinstance(exc, BrokenPipeError) or (self.cycle is not None and not self.cycle.response_complete):
            self._take_back()
        super().connection_lost(exc)

    def _undecided(self) -> bool:
        if not self._is_last_answer():
            return False
        state = tcp_state(self.transport)
        if state == TCP_CLOSE or not self.cycle.response_complete:
            self._take_back()
        elif state is not None and unacknowledged_bytes(self.transport) and time.monotonic() < self._look_until_s:
            self.loop.call_later(LOOK_EVERY_S, self._look_again)
            return True
        return False

    def _look_again(self) -> None:
        if not self.transport.is_closing() and not self._undecided():
            self.transport.close()

    def _is_last_answer(self) -> bool:
        return self._pending is not None and self.cycle.scope is self._pending.scope

    def _take_back(self) -> None:
        if self._pending is not None and self._is_last_answer():
            # Among uvicorn's own tasks: a stop of the server waits for it.
            task = self.loop.create_task(self._pending.lost())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        self._pending = None


def tcp_state(transport: Transport) -> int | None:
    """The connection's state as the kernel has it; None where it doesn't tell (only Linux does)."""
    if sys.platform != "linux":
        return None
    told: bytes = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return told[0]


def unacknowledged_bytes(transport: Transport) -> int:
    """What was written and is not known to have arrived: in our own buffer, and in the kernel's (SIOCOUTQ of tcp(7))."""
    (queued,) = struct.unpack("i", fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4)))
    return int(queued) + transport.get_write_buffer_size()
