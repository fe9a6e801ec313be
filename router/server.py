"""uvicorn as we run it: a port of our own taking, and a stop that long polls hear of."""

import asyncio
import errno
import signal
import socket
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from router.one_write import OneWriteProtocol
from router.socket_messages import MESSAGE_MAX_BYTES
from router.socket_protocol import SocketProtocol

# Connections that wait to be accepted while all hands are busy: a storm's first second.
BACKLOG = 2_048
# Long polls answer within two seconds of a stop; nothing else runs as long.
GRACE_S = 10

# Proxies commonly cut a silent connection at 60 s; a dead peer is found out within 40.
PING_EVERY_S = 20.0
PONG_WITHIN_S = 20.0


class Server(uvicorn.Server):
    def __init__(self, app: Starlette) -> None:
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http=OneWriteProtocol,
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=GRACE_S,
            log_level="warning",  # it would write a line, with the query string, for each live connection
            ws=SocketProtocol,
            ws_max_size=MESSAGE_MAX_BYTES,
            ws_ping_interval=PING_EVERY_S,
            ws_ping_timeout=PONG_WITHIN_S,
            # Tickets are small; a compressor for each connection costs more than it saves.
            ws_per_message_deflate=False,
        )
        super().__init__(config)
        self._closing: asyncio.Event = app.state.closing
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def stop(self) -> None:
        """Long polls answer, no new connection is taken, and `serve` returns when the running requests are done."""
        self._closing.set()
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Replaces uvicorn's, which raises the signal again after the stop and so would skip our own cleaning up."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True
        if self._loop is not None:  # a handler runs between any two bytecodes, so the loop itself sets the event
            self._loop.call_soon_threadsafe(self._closing.set)


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket that accepts connections. Port 0 takes a free one. Raises OSError.

    `shared`: other processes of the same user that ask for it too may listen on the same port. Linux spreads new connections over
    them, by a hash of both addresses; other systems may give all to one. Never unasked: a second server would then take half the
    connections of the first instead of being told that the port is taken.
    """
    if shared and not hasattr(socket, "SO_REUSEPORT"):
        raise OSError(errno.ENOTSUP, "this system lets no two processes share a port; unset API_SHARED_PORT")
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
