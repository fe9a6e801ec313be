"""What is looked at before anything starts, and said in one sentence when it is wrong."""

import argparse
import asyncio
import ipaddress
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console

from scripts.embedded_redis import free_port
from scripts.redis_ping import Answer, address_of
from scripts.room_settings import check_rooms
from scripts.settings import StartSettings, sentences, with_env_file

# One server over TCP, which `redis_ping` can ask by itself and tell what is wrong with.
PLAIN = ("redis://", "rediss://")


class StartError(Exception):
    """It can't start; the text says why and what to do."""


@dataclass(frozen=True)
class Place:
    """Where the API listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def url_from_here(self) -> str:
        """A host that means "every address" is no address to call."""
        return Place({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host), self.port).url  # noqa: S104

    def is_loopback(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def read_settings(options: argparse.Namespace, file: Path) -> StartSettings:
    """Options over the environment over `.env`. Raises StartError naming each wrong setting.

    The merged values are put into our own environment, for the parts to inherit.
    """
    os.environ.update(with_env_file(file, dict(os.environ)))
    given = {"host": options.host, "port": options.port, "data_dir": options.data}
    try:
        settings = StartSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise StartError(f"wrong settings:\n{sentences(error, file=file)}") from error
    os.environ["DATA_DIR"] = str(settings.data_dir)
    wrong = check_rooms(file)
    if wrong:
        raise StartError(f"wrong settings:\n{wrong}")
    return settings


def check_port(host: str, port: int) -> int:
    """The port, or a free one for 0. Raises StartError when we could not listen there.

    Never with SO_REUSEPORT, however many API processes are to share it: a stranger who allows sharing is a stranger too.
    """
    if port == 0:
        return free_port()
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":  # elsewhere this option lets two programs share a port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError as error:
        raise StartError(
            f"no right to listen on port {port}: those below 1024 are the system's. Use --port."
        ) from error
    except socket.gaierror as error:
        raise StartError(f"{host!r} is no address of this machine; see --host.") from error
    except OSError as error:
        raise StartError(
            f"port {port} on {host} can't be used: {error.strerror}. "
            "Stop the program that listens there, or choose another port with --port."
        ) from error
    return port


def check_sharing(apis: int) -> None:
    """Raises StartError when so many API processes can't listen on one port here."""
    if apis > 1 and not hasattr(socket, "SO_REUSEPORT"):
        raise StartError(
            f"{apis} API processes would have to share a port, which this system does not offer (SO_REUSEPORT). "
            "Use --apis 1, or start each as 'python -m router' with a PORT of its own."
        )


def warn_if_open(place: Place, settings: StartSettings) -> None:
    if not place.is_loopback() and not settings.api_keys.strip():
        Console(stderr=True).print(
            f"[bold red]WARNING: {place.host} is reachable from other machines and API_KEYS is empty: anybody who can "
            "connect may read and answer tickets. Set API_KEYS, or listen on 127.0.0.1.[/]",
            highlight=False,
        )


def check_redis(url: str) -> None:
    """Raises StartError when nothing usable answers at REDIS_URL."""
    if not url.lower().startswith(PLAIN):
        asyncio.run(_check_by_broker(url))
        return
    try:
        address = address_of(url)
        answer = address.ping()
    except ValueError as error:
        raise StartError(str(error)) from error
    if answer in (Answer.NONE, Answer.REFUSED):
        raise StartError(
            f"REDIS_URL is set, but the Redis at {address.host}:{address.port} is no help: {answer.value}. "
            "Correct it, or remove it to use the embedded server."
        )


async def _check_by_broker(url: str) -> None:
    """Sentinels, a Cluster or a socket file: the broker finds the primary, and knows why when it doesn't."""
    from broker import Broker  # here, since nothing else of `start` needs redis-py, which takes a moment to load
    from broker.errors import Unavailable

    try:
        broker = await Broker.open(url)
    except ValueError as error:
        raise StartError(f"REDIS_URL is wrong: {error}.") from error
    except Unavailable as error:
        raise StartError(
            f"REDIS_URL is set, but the Redis it names is no help: {error.__cause__ or error}. "
            "Correct it, or remove it to use the embedded server."
        ) from error
    await broker.close()
