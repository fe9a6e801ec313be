"""What a measurement stands on: a Redis of its own and the processes it starts, all on loopback, all gone afterwards."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import httpx
import psutil

from scripts.bootstrap import ROOT
from scripts.embedded_redis import EmbeddedRedis, free_port
from scripts.redis_binary import find_redis_server
from scripts.redis_ping import command
from scripts.supervise import end_group, ending, start_python

# Parts import in a second or two and a model loads in three; a loaded machine takes longer.
READY_S = 60.0
ASK_EVERY_S = 0.05
# Emptying a Redis of a million tickets takes seconds.
REDIS_TIMEOUT_S = 60.0
# A part that was asked to stop and is still there is killed.
STOP_S = 10.0
# Everything is on, and nothing of it may refuse: a limit that is counted and never reached, a backlog nobody fills.
PARTS_ENVIRONMENT = {
    "RATE_LIMIT": "100000000/minute",
    "MAX_BACKLOG": "100000000",
    "LOG_LEVEL": "warning",
    "API_KEYS": "",
    "SLACK_WEBHOOK_URL": "",
}


class BenchError(Exception):
    """It could not be measured; the text says why."""


class Stage:
    """Use `stage()`. `redis` is the server, `folder` a scratch folder that goes with the rest."""

    def __init__(self, redis: EmbeddedRedis, folder: Path) -> None:
        self.redis = redis
        self.folder = folder
        self._parts: list[subprocess.Popen[bytes]] = []
        self._apis: dict[int, int] = {}
        self._line: socket.socket | None = None

    @property
    def url(self) -> str:
        return self.redis.url

    def start(
        self, module: str, *arguments: str, python: str = sys.executable, **environment: str
    ) -> "subprocess.Popen[bytes]":
        """Starts `python -m module` against this stage's Redis. Its words go to our stderr."""
        settings = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "REDIS_URL": self.url, "HOST": "127.0.0.1"}
        part = start_python(
            module, *arguments, environment=settings | PARTS_ENVIRONMENT | environment, folder=ROOT, python=python
        )
        self._parts.append(part)
        return part

    def start_api(self, module: str = "router", **environment: str) -> int:
        """Starts a server that listens on PORT; returns its port once it answers. Raises BenchError."""
        port = free_port()
        part = self.start(module, PORT=str(port), **environment)
        self._apis[port] = part.pid
        self._wait(part, lambda: httpx.get(f"http://127.0.0.1:{port}/livez", trust_env=False).is_success)
        return port

    def start_shared_apis(self, number: int) -> int:
        """Starts so many routers on one port; returns it once each of them listens. Raises BenchError."""
        port = free_port()
        for _ in range(number):
            part = self.start("router", PORT=str(port), API_SHARED_PORT="true")
            # A question over HTTP would be answered by whoever listens already.
            self._wait(part, partial(listens, part.pid, port))
        return port

    def process_of(self, port: int) -> psutil.Process:
        """Of an API that `start_api` started."""
        return psutil.Process(self._apis[port])

    def wait_ready(self, port: int) -> None:
        """Until the API and what it needs are ready, which a model need not be. Raises BenchError."""
        self._wait(None, lambda: httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success)

    def wait_warm(self, port: int) -> None:
        """Until a worker's model judges, and no longer the keywords in its place. Raises BenchError."""

        def warm() -> bool:
            health = httpx.get(f"http://127.0.0.1:{port}/health/deep", trust_env=False).json()
            return bool(health["parts"]["models"]["status"] == "ok")

        self._wait(None, warm)

    def stop(self, part: "subprocess.Popen[bytes]") -> None:
        """SIGTERM, SIGKILL at the deadline; nothing that it started is left."""
        part.terminate()
        with suppress(subprocess.TimeoutExpired):
            part.wait(STOP_S)
        end_group(part)
        part.wait()
        self._parts.remove(part)

    def forget(self) -> None:
        """Empties Redis between two measurements, so that each meets the same one."""
        self.ask("FLUSHALL")

    def ask(self, *words: str) -> bytes:
        """One command; the raw reply's first bytes. Raises BenchError on a refusal."""
        if self._line is None:
            self._line = socket.create_connection(("127.0.0.1", self.redis.port), REDIS_TIMEOUT_S)
            self._line.sendall(command("AUTH", self.redis.password))
            self._line.recv(64)
        self._line.sendall(command(*words))
        said = self._line.recv(4096)
        if said.startswith(b"-"):
            raise BenchError(f"Redis refused {words[0]}: {said.decode(errors='replace').strip()}")
        return said

    def ask_number(self, *words: str) -> int:
        """What a command that counts says."""
        return int(self.ask(*words)[1:].rstrip())

    def stop_all(self) -> None:
        """Every part; Redis goes on."""
        for part in list(self._parts):
            self.stop(part)

    def close(self) -> None:
        self.stop_all()
        if self._line is not None:
            self._line.close()
        self.redis.stop()

    def _wait(self, part: "subprocess.Popen[bytes] | None", ready: Callable[[], bool]) -> None:
        give_up = time.monotonic() + READY_S
        while time.monotonic() < give_up:
            if part is not None and part.poll() is not None:
                raise BenchError(f"a part ended with {ending(part)}; its own words are above")
            with suppress(httpx.TransportError):
                if ready():
                    return
            time.sleep(ASK_EVERY_S)
        raise BenchError("the parts were not ready in time; their own words are above")


def listens(pid: int, port: int) -> bool:
    """The process waits for connections on this port."""
    with suppress(psutil.Error):  # it ended while we looked, which the next look at it tells
        lines = psutil.Process(pid).net_connections("tcp")
        return any(line.status == psutil.CONN_LISTEN and line.laddr.port == port for line in lines)
    return False


@contextmanager
def stage() -> Iterator[Stage]:
    """A fresh Redis and an empty list of parts. Enter it in the main thread: parts end when their starter's thread does."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        redis = EmbeddedRedis(find_redis_server(), Path(folder) / "redis")
        redis.start()
        made = Stage(redis, Path(folder))
        try:
            yield made
        finally:
            made.close()
