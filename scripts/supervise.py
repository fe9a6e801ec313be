"""Keep processes running: one that dies is started again after a growing pause; all are stopped in order.

One thread that looks every `POLL_S`: children must be started from the thread that lives longest (process_tie.py), and
a look at five processes costs nothing. Each part is the leader of its own session, so Ctrl-C in a terminal reaches only
the supervisor, and whatever a part leaves behind when it dies can be found and ended with it.
"""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from scripts.process_tie import tie_to_parent

log = logging.getLogger(__name__)

POLL_S = 0.05
# The first death is mostly an accident; the tenth in a row is a broken machine, and must not fill its disk with logs.
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
# Who ran this long was healthy: its next death counts as a first one.
HEALTHY_S = 30.0


@dataclass
class Part:
    """A process to keep. `spawn` starts it; `process` is the running one, or the last."""

    name: str
    spawn: Callable[[], "subprocess.Popen[bytes]"]
    stop_deadline_s: float = 10.0
    process: "subprocess.Popen[bytes] | None" = None
    deaths: int = 0
    _since: float = 0.0
    _again_at: float | None = field(default=None, repr=False)

    def step(self, now: float) -> None:
        """Start it, notice its death, or start it again, as the monotonic time `now` demands."""
        if self.process is None:
            self._start(now)
        elif self._again_at is not None:
            if now >= self._again_at:
                self._start(now)
        elif self.process.poll() is not None:
            if self._since and now - self._since > HEALTHY_S:
                self.deaths = 0
            self.deaths += 1
            pause_s = min(FIRST_PAUSE_S * 2 ** (self.deaths - 1), LONGEST_PAUSE_S)
            log.warning("%s ended with %s; starting it again in %.1f s", self.name, ending(self.process), pause_s)
            end_group(self.process)
            self._again_at = now + pause_s

    def _start(self, now: float) -> None:
        self._again_at = None
        self._since = now
        self.process = self.spawn()

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs the parts of `stages`; stops them stage by stage, those of one stage together."""

    def __init__(self, stages: Sequence[Sequence[Part]]) -> None:
        self.stages = [list(stage) for stage in stages]
        self._signals = 0

    @property
    def parts(self) -> list[Part]:
        return [part for stage in self.stages for part in stage]

    @property
    def stopping(self) -> bool:
        """Somebody asked us to stop."""
        return self._signals > 0

    def listen_to_signals(self) -> None:
        """The first SIGINT, SIGTERM or SIGHUP asks to stop, a second one kills. Call from the main thread."""
        for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
            signal.signal(number, self._on_signal)

    def _on_signal(self, *_: object) -> None:
        self._signals += 1  # only a flag: a handler that did more could meet its own locks

    def step(self) -> None:
        """One look at everybody, then a short sleep."""
        now = time.monotonic()
        for part in self.parts:
            part.step(now)
        time.sleep(POLL_S)

    def stop(self) -> None:
        """SIGTERM stage by stage, SIGKILL at a part's deadline or on a second signal. Nothing runs when it returns."""
        for stage in self.stages:
            began = time.monotonic()
            # A part whose death was seen has no process any more, and its number may be somebody else's by now.
            present = [part for part in stage if part.process is not None and part._again_at is None]
            for part in present:
                if part.is_running() and part.process is not None:
                    part.process.terminate()
            for part in present:
                while part.is_running() and self._signals < 2 and time.monotonic() - began < part.stop_deadline_s:
                    time.sleep(POLL_S)
                if part.is_running():
                    log.warning("%s did not stop in time and was killed", part.name)
                if part.process is not None:
                    end_group(part.process)
                    part.process.wait()


def start_python(
    module: str, *arguments: str, environment: Mapping[str, str], folder: Path, python: str, to_stdout: bool = False
) -> "subprocess.Popen[bytes]":
    """`python -m module` in a session of its own; SIGKILL ends it if we die without a farewell.

    SIGKILL and not SIGTERM, since nobody would be left to press a part that does not listen; what was accepted survives
    that (the first promise). Its stdout goes to our stderr, unless `to_stdout`: ours has the `ready` line for scripts.
    """
    return subprocess.Popen(  # noqa: S603 - our own modules
        [python, "-m", module, *arguments],
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=None if to_stdout else sys.stderr.fileno(),
        start_new_session=True,
        preexec_fn=tie_to_parent(signal.SIGKILL) if os.name == "posix" else None,
    )


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill what is left of a part: itself and its own children."""
    with suppress(ProcessLookupError, PermissionError):  # nobody left; macOS says "not permitted" of zombies
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def ending(process: "subprocess.Popen[bytes]") -> str:
    """How a process ended, in words: "exit code 3", "signal 9 (SIGKILL)"."""
    code = process.returncode
    if code is None or code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return f"signal {-code} ({signal.Signals(-code).name})"
    return f"signal {-code}"
