"""Ask a Redis whether it is there, in its own protocol over a plain socket. Standard library only.

The commands must be able to say "Redis does not answer" before redis-py is installed, and outside the one room that
knows redis-py.
"""

import enum
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

# A server on the same machine answers in under 1 ms, one across a continent in 200 ms.
TIMEOUT_S = 2.0


class Answer(enum.Enum):
    PONG = "it answers"
    LOADING = "it is loading its data"
    REFUSED = "it refuses our user or password"
    NONE = "it does not answer"


def ping(
    host: str, port: int, *, user: str = "", password: str = "", tls: bool = False, timeout_s: float = TIMEOUT_S
) -> Answer:
    """AUTH (when there is a password) and PING. Never raises: every failure to talk is `Answer.NONE`."""
    request = b"*1\r\n$4\r\nPING\r\n"
    if password:
        request = command("AUTH", *([user] if user else []), password) + request
    try:
        with socket.create_connection((host, port), timeout_s) as plain:
            connection = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if tls else plain
            with connection:
                connection.sendall(request)
                return read_answer(connection, lines=2 if password else 1)
    except OSError:  # refused, reset, no such host, timed out, TLS failed
        return Answer.NONE


def command(*words: str) -> bytes:
    """A Redis command in RESP."""
    encoded = [word.encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)


def read_answer(connection: socket.socket, *, lines: int) -> Answer:
    """What the reply lines say. The last one is PING's."""
    received = b""
    while received.count(b"\r\n") < lines:
        chunk = connection.recv(4096)
        if not chunk:
            return Answer.NONE
        received += chunk
        if received.startswith((b"-WRONGPASS", b"-NOAUTH", b"-ERR invalid password")):
            return Answer.REFUSED
    last = received.rstrip(b"\r\n").rsplit(b"\r\n", 1)[-1]
    if last == b"+PONG":
        return Answer.PONG
    if last.startswith((b"-LOADING", b"-MASTERDOWN")):
        return Answer.LOADING
    return Answer.REFUSED if last.startswith((b"-NOAUTH", b"-NOPERM")) else Answer.NONE


@dataclass(frozen=True)
class Address:
    """The parts of a `redis://[user:password@]host[:port][/db]` URL; `rediss://` is TLS. Other forms: broker/topology.py."""

    host: str
    port: int
    user: str
    password: str
    tls: bool

    def ping(self) -> Answer:
        return ping(self.host, self.port, user=self.user, password=self.password, tls=self.tls)


def address_of(url: str) -> Address:
    """Split a REDIS_URL. Raises ValueError with a sentence when it is not one."""
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss"):
        raise ValueError("REDIS_URL must begin with redis:// or rediss://")
    return Address(
        host=parts.hostname or "localhost",
        port=parts.port or 6379,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "rediss",
    )
