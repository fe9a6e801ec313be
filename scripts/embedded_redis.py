"""A redis-server of our own, run as a child that keeps its data. Standard library only.

The configuration goes in through stdin (`redis-server -`), so the random password is neither in `ps` nor on disk.
One folder serves one server at a time: a lock that the server inherits stands as long as either of us lives, so a
starter killed with -9 frees the folder only when its server is gone too.
"""

import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.process_tie import tie_to_parent
from scripts.redis_binary import EmbeddedRedisError, server_version
from scripts.redis_ping import Answer, ping

if sys.platform != "win32":
    import fcntl

# A healthy server listens within 0.1 s; a busy two-core machine needs longer, a broken one has exited by itself.
ANSWER_DEADLINE_S = 15.0
# Reading an append-only file back takes about 1 s per 300 MB: ten minutes are far beyond what a laptop holds.
LOADING_DEADLINE_S = 600.0
# A folder may still be held by a server that is closing after its starter was killed.
LOCK_DEADLINE_S = 5.0
# SIGTERM makes the server fsync its append-only file; on a slow disk that is seconds.
STOP_DEADLINE_S = 10.0
POLL_S = 0.02
# Somebody else may take a free port between our look and the server's bind.
PORT_ATTEMPTS = 5
# From this version on the append-only file is a folder of parts, which older servers overlook and start empty.
FIRST_VERSION_WITH_AOF_FOLDER = (7, 0)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class EmbeddedRedis:
    """One redis-server on 127.0.0.1 with its data in `folder`. Port and password stay the same over restarts.

    `config` are further lines of redis.conf; a later line wins over ours.
    """

    def __init__(self, binary: Path, folder: Path, *, config: Sequence[str] = ()) -> None:
        self.binary = binary
        self.folder = folder.absolute()
        self.log_file = self.folder / "redis.log"
        self.password = secrets.token_urlsafe(24)
        self.port = 0
        self._config = tuple(config)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The running or last server process. Raises EmbeddedRedisError before the first start."""
        if self._process is None:
            raise EmbeddedRedisError("the embedded Redis was never started")
        return self._process

    def start(self) -> str:
        """Start and wait until the data is loaded and PING is answered; return the URL. Raises EmbeddedRedisError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._refuse_newer_data()
            attempts = 1 if self.port else PORT_ATTEMPTS
            for attempt in range(1, attempts + 1):
                port = self.port or free_port()
                self.launch(port)
                if self._wait_until_it_answers(port):
                    self.port = port
                    return self.url
                if attempt == attempts:
                    raise EmbeddedRedisError(f"redis-server ({self.binary}) did not start:\n{self._last_log_lines()}")
            raise AssertionError("unreachable: the last attempt returns or raises")
        except BaseException:
            self.stop(deadline_s=0)
            raise

    def launch(self, port: int) -> "subprocess.Popen[bytes]":
        """Only start the process; `start` waits for it too. The supervisor brings a dead server back with this."""
        stop_with_parent = tie_to_parent(signal.SIGTERM)
        self._process = subprocess.Popen(  # noqa: S603 - a binary of ours, no shell
            [self.binary, "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            start_new_session=True,
            preexec_fn=stop_with_parent,
            pass_fds=() if self._lock is None else (self._lock,),
        )
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(self._configuration(port).encode())
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # it died at once: the caller sees the exit and shows the log
        return self._process

    def stop(self, *, deadline_s: float = STOP_DEADLINE_S) -> None:
        """SIGTERM, wait, SIGKILL at the deadline; the folder is free when it returns. Harmless when nothing runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(deadline_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._free_lock()

    def _configuration(self, port: int) -> str:
        lines = (
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {self.password}",
            f"dir {quoted(self.folder)}",
            f"logfile {quoted(self.log_file)}",
            "daemonize no",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            *self._config,
        )
        return "\n".join(lines) + "\n"

    def _wait_until_it_answers(self, port: int) -> bool:
        """False when the process exited by itself; raises when it lives and stays mute."""
        began = time.monotonic()
        answer = Answer.NONE
        while self.process.poll() is None:
            answer = ping("127.0.0.1", port, password=self.password)
            if answer is Answer.PONG:
                return True
            patience_s = LOADING_DEADLINE_S if answer is Answer.LOADING else ANSWER_DEADLINE_S
            if time.monotonic() - began > patience_s:
                raise EmbeddedRedisError(f"redis-server gave no answer for {patience_s:.0f} s; see {self.log_file}")
            time.sleep(POLL_S)
        return False

    def _refuse_newer_data(self) -> None:
        version = server_version(self.binary)
        if version < FIRST_VERSION_WITH_AOF_FOLDER and (self.folder / "appendonlydir").is_dir():
            raise EmbeddedRedisError(
                f"{self.folder} was written by Redis 7 or newer, but {self.binary} is {version[0]}.{version[1]} "
                "and would start empty. Put the newer redis-server back on PATH, or choose another folder with --data."
            )

    def _take_lock(self) -> None:
        if sys.platform == "win32" or self._lock is not None:
            return
        lock = (self.folder / "lock").open("w")
        began = time.monotonic()
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() - began > LOCK_DEADLINE_S:
                    lock.close()
                    raise EmbeddedRedisError(
                        f"{self.folder} is in use by another start of Smart-Support. Stop that one, or choose another "
                        "folder with --data."
                    ) from None
                time.sleep(POLL_S)
        self._lock_file = lock
        self._lock = lock.fileno()

    def _free_lock(self) -> None:
        if self._lock is not None:
            self._lock_file.close()
            self._lock = None

    def _last_log_lines(self, count: int = 5) -> str:
        try:
            return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-count:])
        except OSError:
            return "(it left no log)"


def quoted(path: Path) -> str:
    """A path as redis.conf wants it: blanks and quotes survive."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
