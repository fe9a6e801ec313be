"""The house under attack: the real API, two real workers and a Redis of their own, each a process that may be killed or frozen.

Everything runs in a folder that is thrown away and listens on loopback. No setting of the shell reaches the parts, least of
all a real SLACK_WEBHOOK_URL.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from scripts.bootstrap import ROOT
from scripts.embedded_redis import EmbeddedRedis, free_port
from scripts.process_tie import tie_to_parent
from scripts.redis_binary import find_redis_server
from scripts.room_settings import settings_classes
from scripts.supervise import end_group

# Short, so that hundreds of expiries fit into minutes; the product's own are 30 s and 15 min.
PROCESSING_LEASE_S = 2
CLAIM_LEASE_S = 5
# A model that failed is tried again after this long; the product's own 10 s would only make the drill longer.
BREAKER_OPEN_S = 2
# A clean stop finishes what is in hand; a worker that loads a model meanwhile needs longest.
STOP_DEADLINE_S = 15.0
POLL_S = 0.02

API = "api"
WORKERS = ("worker-1", "worker-2")

# What runs a part after its prelude, in the same process.
RUN_PART = """
import runpy, sys
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


@dataclass
class Part:
    """One process: what it runs, after which Python text of the drill's, with which further environment, and where its words go."""

    name: str
    module: str
    log_file: Path
    environment: dict[str, str] = field(default_factory=dict)
    prelude: str = ""
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def pid(self) -> int:
        if self.process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def words(self) -> str:
        """All it has logged so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""


class House:
    """Starts nothing by itself. Call from the main thread: on Linux a child goes when the thread that started it does."""

    def __init__(self, folder: Path, *, slack_url: str) -> None:
        self.folder = folder
        self.redis = EmbeddedRedis(find_redis_server(), folder / "redis")
        self.api_port = free_port()
        self._slack_url = slack_url
        self.parts = {API: Part(API, "router", folder / f"{API}.log")} | {
            name: Part(name, "worker", folder / f"{name}.log") for name in WORKERS
        }

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    def start(self, name: str) -> None:
        """Starts a part that does not run; returns before it is ready."""
        part = self.parts[name]
        command = ["-c", part.prelude + RUN_PART, part.module] if part.prelude else ["-m", part.module]
        with part.log_file.open("ab") as log_file:
            part.process = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, *command],
                env=self._environment() | part.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                start_new_session=True,
                preexec_fn=tie_to_parent(signal.SIGKILL),
            )

    def kill(self, name: str) -> None:
        """SIGKILL, frozen or not; dead when it returns. Its children must go by themselves."""
        part = self.parts[name]
        if part.process is not None:
            part.process.kill()
            part.process.wait()

    def freeze(self, name: str) -> None:
        os.kill(self.parts[name].pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.kill(self.parts[name].pid, signal.SIGCONT)

    def ask_to_stop(self, name: str) -> None:
        """SIGTERM; `is_running` tells when it has finished."""
        part = self.parts[name]
        if part.is_running:
            self.thaw(name)
            os.kill(part.pid, signal.SIGTERM)

    def stop(self) -> None:
        """Everything is gone when it returns, whatever state it was in."""
        for name in self.parts:
            self.ask_to_stop(name)
        deadline = time.monotonic() + STOP_DEADLINE_S
        while any(part.is_running for part in self.parts.values()) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        for part in self.parts.values():
            if part.process is not None:
                end_group(part.process)
                part.process.wait()
        with suppress(ProcessLookupError):
            if self.redis.port:
                os.kill(self.redis.process.pid, signal.SIGCONT)
        self.redis.stop()

    def _environment(self) -> dict[str, str]:
        ours = {name.upper() for settings in settings_classes() for name in settings.model_fields}
        kept = {name: value for name, value in os.environ.items() if name.upper() not in ours}
        return kept | {
            "PYTHONPATH": str(ROOT),
            "REDIS_URL": self.redis.url,
            "HOST": "127.0.0.1",
            "PORT": str(self.api_port),
            "ENGINE": "stub",
            "SLACK_WEBHOOK_URL": self._slack_url,
            "PROCESSING_LEASE_SECONDS": str(PROCESSING_LEASE_S),
            "CLAIM_LEASE_SECONDS": str(CLAIM_LEASE_S),
            "BREAKER_OPEN_SECONDS": str(BREAKER_OPEN_S),
        }
