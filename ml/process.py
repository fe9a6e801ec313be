"""The supervised model process: one child, one batch in flight, a deadline a batch, and a new child when it is lost.

    loading ──Ready──> ready ──death, hang──> away ──back-off──> loading
       └────LoadFailed, death, took too long────^

The event loop only ever reacts: to what the child says (handed over by `ChildLink`) and to its own timers.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from typing import Any, Generic, Literal

from ml.backoff import backoff_s
from ml.job import In, Job, Out
from ml.link import ChildLink
from ml.messages import (
    Answer,
    Event,
    Gone,
    LoadFailed,
    ModelAway,
    ModelBusy,
    ModelFailed,
    Ready,
    Refused,
    Request,
)
from ml.patience import Patience

logger = logging.getLogger(__name__)

ModelState = Literal["loading", "ready", "away"]


class ModelProcess(Generic[In, Out]):
    """`on_loss(reason)` is called when a process that had been ready dies or is killed for its silence."""

    def __init__(
        self,
        job: Job[In, Out],
        *,
        on_loss: Callable[[str], None] = lambda _reason: None,
        patience: Patience | None = None,
    ) -> None:
        self._job = job
        self._on_loss = on_loss
        self._patience = patience or Patience()
        self._state: ModelState = "away"
        self._reason: str | None = "the model has not been started"
        self._engine: Ready | None = None
        self._link: ChildLink | None = None
        self._gone = asyncio.Event()
        self._gone.set()
        self._ready = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._request_id = 0
        self._answer: asyncio.Future[Answer[Out]] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._losses = 0
        self._told: str | None = None
        self._stopping = False

    @property
    def state(self) -> ModelState:
        return self._state

    @property
    def reason(self) -> str | None:
        """Why the model is not ready, as a clause; None when it is."""
        return self._reason

    @property
    def engine(self) -> Ready | None:
        """Name and version of the engine loaded last; None until the first one was."""
        return self._engine

    @property
    def pid(self) -> int | None:
        return self._link.pid if self._link else None

    def start(self) -> None:
        """Starts the first process and returns at once. Needs a running loop."""
        self._stopping = False
        if self._gone.is_set():
            self._load()

    async def stop(self) -> None:
        """Ends the process, whatever it does; it is dead and reaped on return."""
        self._stopping = True
        self._set_timer(None)
        self._state, self._reason = "away", "the model was stopped"
        self._ready.clear()
        if self._link:
            self._link.kill()
        await self._gone.wait()

    async def wait_ready(self) -> None:
        """Until a process is warm, however often loading has to be tried."""
        await self._ready.wait()

    async def wait_idle(self) -> None:
        """Until no batch is in flight: answered, late, or lost with its process."""
        await self._idle.wait()

    async def judge(self, texts: Sequence[In], deadline_s: float) -> Answer[Out]:
        """The engine's answer, unchecked. Raises ModelAway, ModelBusy, ModelFailed; the last by `deadline_s` seconds.

        A caller that leaves early, by deadline or cancellation, leaves the batch with the process: its late answer is
        dropped by its id, and silence gets the process killed.
        """
        if self._state != "ready" or self._link is None:
            raise ModelAway(self._reason)
        if not self._idle.is_set():
            raise ModelBusy("the model is still at work on an earlier batch")
        self._request_id += 1
        self._idle.clear()
        answer: asyncio.Future[Answer[Out]] = asyncio.get_running_loop().create_future()
        self._answer = answer
        silent_s = deadline_s + self._patience.silence_s
        self._set_timer(silent_s, lambda: self._lose(f"the model process hung (no answer for {silent_s:.1f} s)"))
        self._link.send(Request(self._request_id, list(texts)))
        try:
            # Unlike wait_for, this prefers an answer that is already there to a deadline noticed late by a busy loop.
            await asyncio.wait({answer}, timeout=deadline_s)
            if not answer.done():
                raise ModelFailed(f"the model gave no answer within {deadline_s * 1000:.0f} ms")
            return answer.result()
        finally:
            if self._answer is answer:
                self._answer = None
            if not answer.cancel():
                answer.exception()  # Marks it as seen when this caller was cancelled in the same instant.

    def _load(self) -> None:
        self._state = "loading"
        self._reason = f"{self._reason}; loading again" if self._losses else "the model is still loading"
        self._gone.clear()
        self._link = ChildLink(asyncio.get_running_loop(), self._job, self._on_event)
        load_s = self._patience.load_s
        self._set_timer(load_s, lambda: self._lose(f"the model was not loaded within {load_s:g} s"))
        self._link.start()

    def _on_event(self, link: ChildLink, event: Event) -> None:
        match event:
            case Ready() if self._state == "loading":  # Not when its kill was already sent.
                self._engine, self._state, self._reason = event, "ready", None
                self._set_timer(None)
                self._ready.set()
                self._told = None
                logger.info("model ready: %s %s, pid %s", event.name, event.version, link.pid)
            case LoadFailed():
                self._state, self._reason = "away", event.sentence
            case Answer() | Refused():
                self._on_answer(event)
            case Gone():
                self._on_gone(event)
            case _:
                logger.info("a process that is being ended became ready; ignored")

    def _on_answer(self, answer: Answer[Any] | Refused) -> None:
        if answer.request_id != self._request_id or self._idle.is_set():
            return
        self._set_timer(None)
        self._idle.set()
        if self._answer is None:
            logger.info("late answer to batch %d dropped", answer.request_id)
        elif isinstance(answer, Answer):
            self._losses = 0
            self._settle(answer)
        else:
            self._settle(ModelFailed(answer.sentence))

    def _on_gone(self, gone: Gone) -> None:
        was_ready = self._state == "ready"
        if self._state != "away":
            self._state, self._reason = "away", gone.reason
        self._link = None
        self._ready.clear()
        self._set_timer(None)
        self._settle(ModelFailed(self._reason))
        self._idle.set()
        self._gone.set()
        if self._stopping:
            return
        self._losses += 1
        patience = self._patience
        wait_s = backoff_s(patience.retry_first_s, patience.retry_cap_s, self._losses, random.random())
        # Said once: a model that is missing for a day is no news every two minutes.
        level = logging.DEBUG if self._reason == self._told else logging.WARNING
        logger.log(level, "%s; a new process starts in %.1f s", self._reason, wait_s)
        self._told = self._reason
        self._set_timer(wait_s, self._load)
        if was_ready:
            self._on_loss(self._reason or "")

    def _lose(self, reason: str) -> None:
        was_ready = self._state == "ready"
        self._state, self._reason = "away", reason
        self._ready.clear()
        if self._link:
            self._link.kill()
        if was_ready:
            self._on_loss(reason)

    def _settle(self, outcome: Answer[Out] | ModelFailed) -> None:
        answer, self._answer = self._answer, None
        if answer is None or answer.done():
            return
        if isinstance(outcome, Answer):
            answer.set_result(outcome)
        else:
            answer.set_exception(outcome)

    def _set_timer(self, wait_s: float | None, then: Callable[[], None] = lambda: None) -> None:
        """One timer at a time: for the load, for the answer, or for the next try."""
        if self._timer:
            self._timer.cancel()
        self._timer = None if wait_s is None else asyncio.get_running_loop().call_later(wait_s, then)
