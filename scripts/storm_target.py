"""The house a storm is fired at: its address, and requests to it as bytes."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


class CannotRun(Exception):
    """There is no storm; the text says why and what to do."""


@dataclass(frozen=True)
class Target:
    """`path`: what stands before the API's own paths, mostly nothing. `key`: the API key, or nothing."""

    host: str
    port: int
    tls: bool = False
    path: str = ""
    key: str = ""

    @classmethod
    def of(cls, url: str, key: str = "") -> "Target":
        """Raises CannotRun for a URL that is none, and a key that no header can hold."""
        try:
            parts = urlsplit(url)
            port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise CannotRun(f"{url} is no URL: {error}") from error
        if not port or not parts.hostname:
            raise CannotRun(f"{url} is no URL of an API: write it as http://127.0.0.1:8000")
        if not all("!" <= character <= "~" for character in key):
            raise CannotRun("the API key holds something other than visible ASCII")
        return cls(parts.hostname, port, parts.scheme == "https", parts.path.rstrip("/"), key)

    @property
    def is_loopback(self) -> bool:
        """Every address of the host is this machine's own. Raises CannotRun when it has none."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise CannotRun(f"{self.host} is not known: {error}") from error
        return all(ipaddress.ip_address(str(address[0]).split("%")[0]).is_loopback for *_, address in found)

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def request(self, method: str, path: str, body: bytes = b"", *, media_type: str = "application/json") -> bytes:
        """Head and body in one piece, so that they leave in one packet."""
        head = (
            f"{method} {self.path}{path} HTTP/1.1\r\nHost: {self.authority}\r\n"
            f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        )
        return f"{head}{self.key_line}\r\n".encode() + body

    @property
    def key_line(self) -> str:
        return f"X-API-Key: {self.key}\r\n" if self.key else ""
