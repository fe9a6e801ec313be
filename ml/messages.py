"""What the worker and its model process say to each other over the pipe. Small, picklable, imports nothing heavy."""

from dataclasses import dataclass
from typing import Any, Generic

from ml.job import In, Out


@dataclass(frozen=True, slots=True)
class Request(Generic[In]):
    """Judge this batch, and put `request_id` on the answer."""

    request_id: int
    texts: list[In]


@dataclass(frozen=True, slots=True)
class Ready:
    """The engine is loaded and warm."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class LoadFailed:
    """The engine can't be had here; a sentence saying why. The child exits after it."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Answer(Generic[Out]):
    """What the model returned, unchecked. `elapsed_ms`: inside the model alone, no pipe and no queue."""

    request_id: int
    verdicts: list[Out]
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class Refused:
    """The engine raised. `sentence` names the kind of error only: its text may quote a customer."""

    request_id: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Said by the parent's own thread, not by the child: the process is dead and reaped.

    `exit_code` as multiprocessing gives it: minus the signal's number for a killed one; None if it was never born.
    `trouble` says what else went wrong, if anything did.
    """

    exit_code: int | None
    trouble: str | None = None

    @property
    def reason(self) -> str:
        """Why, as a clause."""
        if self.trouble:
            return f"the model process failed ({self.trouble})"
        if self.exit_code is not None and self.exit_code < 0:
            return f"the model process died (signal {-self.exit_code})"
        return f"the model process ended by itself (exit code {self.exit_code})"


class ModelAway(Exception):
    """No process to ask: still loading, dead or missing. Says nothing new about the model's health."""


class ModelBusy(Exception):
    """The process still works on a batch whose caller has left. Says nothing new about the model's health."""


class ModelFailed(Exception):
    """This batch got no answer: the engine raised, the process died, or the deadline passed."""


FromChild = Ready | LoadFailed | Answer[Any] | Refused
Event = FromChild | Gone
