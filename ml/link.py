"""One child process from birth to death, on two threads, so that the event loop never waits for it.

The reading thread starts the child, hands everything it says to the loop and reaps it; it lives exactly as long as the
child, which the kernel's parent-death signal relies on. The writing thread exists because a write blocks: a batch of
long tickets is bigger than the pipe's buffer, and a stopped child doesn't read. Works the same under uvloop.
"""

import asyncio
import contextlib
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable
from multiprocessing import connection
from typing import Any

from ml.child import serve
from ml.job import Job
from ml.messages import Event, FromChild, Gone, Request

# spawn, since a fork of a process with threads and a running loop copies their locks in whatever state they are.
_CONTEXT = multiprocessing.get_context("spawn")


class ChildLink:
    """`deliver(link, event)` is called on `loop`, in order. There is always one `Gone`, and it is the last."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        job: Job[Any, Any],
        deliver: "Callable[[ChildLink, Event], None]",
    ) -> None:
        self._loop = loop
        self._deliver = deliver
        self._ours, theirs = _CONTEXT.Pipe(duplex=True)
        self._theirs = theirs
        # daemon: should the parent end without stopping us, multiprocessing ends the child at exit.
        self._process = _CONTEXT.Process(
            target=serve, args=(theirs, job, os.getpid()), name="smart-support-model", daemon=True
        )
        self._outbox: queue.SimpleQueue[Request[Any] | None] = queue.SimpleQueue()
        # Guards the step from "alive" to "reaped": after it the pid may belong to somebody else.
        self._life = threading.Lock()
        self._unwanted = False
        self._reaped = False
        self._pid: int | None = None

    @property
    def pid(self) -> int | None:
        """None before the birth and after the death."""
        return None if self._reaped else self._pid

    def start(self) -> None:
        """Returns at once."""
        threading.Thread(target=self._read, name="model-reader", daemon=True).start()

    def send(self, request: Request[Any]) -> None:
        """Returns at once. A request to a dead child is dropped; `Gone` tells."""
        self._outbox.put(request)

    def kill(self) -> None:
        """SIGKILL: also ends a child that is stopped or stuck, and there is nothing in it to save. `Gone` follows."""
        with self._life:
            self._unwanted = True
            if self._pid is not None and not self._reaped:
                os.kill(self._pid, signal.SIGKILL)

    def _read(self) -> None:
        trouble: str | None = None
        try:
            self._be_born()
            while True:
                self._tell(self._ours.recv())
        # The end of the stream, or of a message cut short: the child is dead or dying, and its exit code says more.
        except (EOFError, ConnectionError):
            pass
        # No process to be had, a factory that can't be sent, an answer that can't be read: for the supervisor all are
        # the end of this child, and the sentence tells which.
        except Exception as error:
            trouble = f"{type(error).__name__}: {error}"
        finally:
            self.kill()
            self._tell(Gone(self._reap(), trouble))

    def _be_born(self) -> None:
        # The child inherits the mask, and so survives a Ctrl-C that comes before it can say that it ignores them.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            self._theirs.close()
        with self._life:
            self._pid = self._process.pid
            unwanted = self._unwanted
        if unwanted:
            self.kill()
        threading.Thread(target=self._write, name="model-writer", daemon=True).start()

    def _reap(self) -> int | None:
        if self._pid is None:
            self._ours.close()
            return None
        connection.wait([self._process.sentinel])
        with self._life:
            self._process.join()
            self._reaped = True
        self._outbox.put(None)
        return self._process.exitcode

    def _write(self) -> None:
        # A broken pipe: the child died, and the reading thread tells.
        with contextlib.suppress(OSError):
            while (request := self._outbox.get()) is not None:
                self._ours.send(request)
        self._ours.close()

    def _tell(self, event: FromChild | Gone) -> None:
        # A closed loop: the program is ending without having stopped us, and nobody is left to tell.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._deliver, self, event)
