"""The model's own process: load, warm, answer batches one at a time, and never outlive the parent.

Three things end it: the pipe closes (a thread of its own watches, so that a long batch doesn't delay it), the kernel's
parent-death signal where there is one (also ends a child that is stopped or stuck inside native code), or SIGKILL from
the parent. There is nothing to save, so all three end it at once.
"""

import ctypes
import os
import pickle
import queue
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from ml.job import Job, Model
from ml.messages import Answer, FromChild, LoadFailed, Ready, Refused, Request
from ml.spec import EngineUnavailable

# Enough to read, too short to fill a status page with a traceback.
SENTENCE_CHARS = 300
# prctl(2): deliver this signal to me when the thread that started me ends.
PR_SET_PDEATHSIG = 1


def serve(pipe: "Connection[FromChild, Request[Any]]", job: Job[Any, Any], parent_pid: int) -> None:
    """The child's main. Returns never: ends the process."""
    # Ctrl-C goes to every process of the terminal; the parent decides when its model ends. It blocked the signal while
    # this interpreter started.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _die_with(parent_pid)
    os.nice(job.niceness)
    inbox: queue.SimpleQueue[Request[Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, inbox), name="model-inbox", daemon=True).start()
    try:
        try:
            engine = job.factory(job.spec)
            engine.judge(list(job.warm))
        except EngineUnavailable as error:
            pipe.send(LoadFailed(str(error)[:SENTENCE_CHARS]))
            return
        # Whatever a model's libraries raise while loading means the same: there is no model, and the parent tells why.
        except Exception as error:
            sentence = f"the engine failed to load: {type(error).__name__}: {error}"
            pipe.send(LoadFailed(sentence[:SENTENCE_CHARS]))
            return
        pipe.send(Ready(engine.name, engine.version))
        while True:
            _send(pipe, _answer(engine, inbox.get()))
    except OSError:
        return  # The parent is gone and nobody is left to tell.
    finally:
        sys.stderr.flush()
        # Skips the interpreter's shutdown, which may wait for a native thread that never ends.
        os._exit(0)


def _answer(engine: Model[Any, Any], request: Request[Any]) -> Answer[Any] | Refused:
    began_s = time.monotonic()
    try:
        verdicts = engine.judge(request.texts)
    # Whatever the model raised, this batch has no verdict; the parent falls back and its breaker counts it. The text of
    # the error stays here: it may quote a customer.
    except Exception as error:
        return Refused(request.request_id, f"the engine raised {type(error).__name__}")
    return Answer(request.request_id, verdicts, (time.monotonic() - began_s) * 1000)


def _send(pipe: "Connection[FromChild, Request[Any]]", answer: Answer[Any] | Refused) -> None:
    try:
        pipe.send(answer)
    # What pickle raises for an engine that answers with a generator or a lambda; nothing was written yet.
    except (pickle.PicklingError, TypeError, AttributeError):
        pipe.send(Refused(answer.request_id, "the engine's answer can't be sent between processes"))


def _listen(pipe: "Connection[FromChild, Request[Any]]", inbox: "queue.SimpleQueue[Request[Any]]") -> None:
    """Passes requests on; ends the process when the parent's end of the pipe closes."""
    try:
        while True:
            inbox.put(pipe.recv())
    finally:
        os._exit(0)


def _die_with(parent_pid: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # It died before the line above.
        os._exit(0)
