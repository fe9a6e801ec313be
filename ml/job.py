"""What a model process is for: which model it builds, what that is asked first, and how its work is measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ml.spec import EngineSpec
from ml.verdict import Engine, TicketText, Verdict

In = TypeVar("In")
Out = TypeVar("Out")

# A first batch pays for lazy imports, buffers and thread pools; two lengths touch the short and the padded path.
WARM_TEXTS = (
    TicketText(subject="Where is my invoice?"),
    TicketText(
        subject="The export fails since this morning",
        body="Every export we start stops at ninety per cent with error 502. Other pages work. Please have a look.",
    ),
)


class Model(Protocol[In, Out]):
    """What runs in a process of its own. An engine is one; what a batch holds and gives is each model's own affair."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def judge(self, texts: "list[In]") -> "list[Out]":
        """One answer each, in order, never fewer. May raise: the caller does without."""
        ...


# An importable callable (a function at the top of a module), because spawn sends it by name.
Factory = Callable[[EngineSpec], Model[In, Out]]
EngineFactory = Callable[[EngineSpec], Engine]


@dataclass(frozen=True, slots=True)
class Job(Generic[In, Out]):
    """`factory(spec)` is the model, and `warm` its first batch. Picklable.

    `niceness`: added to the process's own (0 to 19), so that what nobody waits for leaves the processor to what tickets
    wait for.
    """

    factory: Factory[In, Out]
    spec: EngineSpec
    warm: tuple[In, ...]
    niceness: int = 0


@dataclass(frozen=True, slots=True)
class Terms(Generic[In, Out]):
    """How the work of one kind of model is measured and checked.

    `tokens`: of one text, which tells how long it may take. `flaw`: what is wrong with answers to so many texts, as a
    clause; None: nothing is. `meanwhile`: what happens while the model is away, for the log.
    """

    tokens: Callable[[In], int]
    flaw: Callable[[Sequence[object], int], str | None]
    meanwhile: str


def judging(factory: EngineFactory, spec: EngineSpec) -> Job[TicketText, Verdict]:
    """The job of the engine that judges tickets."""
    return Job(factory, spec, WARM_TEXTS)
