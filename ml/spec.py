"""What an engine is built from: plain values that travel to a child process. Imports nothing heavy."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from ml.descriptions import DEFAULT_CATEGORIES

EngineName = Literal["auto", "minilm", "nli", "keywords", "stub"]
ENGINE_NAMES: tuple[str, ...] = get_args(EngineName)

# Two is what the smallest machine we aim at has; more threads than cores makes a batch slower, not faster.
DEFAULT_THREADS = 2


class EngineUnavailable(Exception):
    """This engine cannot be built here; the message says what is missing and what to do."""


@dataclass(frozen=True)
class EngineSpec:
    """Which engine, for which labels, from which models. Picklable; holds plain values only.

    `categories` maps a label to its description lines; a label with none is described by its own name. The models are
    a local folder or a hub name; None means the default of the engine. Raises ValueError for an unknown engine name, no
    categories, a blank label or fewer than one thread.
    """

    engine: EngineName = "auto"
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(DEFAULT_CATEGORIES))
    zero_shot_model: str | None = None
    sentiment_model: str | None = None
    embedding_model: str | None = None
    draft_model: str | None = None
    threads: int = DEFAULT_THREADS

    def __post_init__(self) -> None:
        if self.engine not in ENGINE_NAMES:
            raise ValueError(f"unknown engine {self.engine!r}; choose one of {', '.join(ENGINE_NAMES)}")
        if not self.categories:
            raise ValueError("at least one category is needed")
        if any(not label.strip() for label in self.categories):
            raise ValueError("a category must have a name")
        if self.threads < 1:
            raise ValueError(f"threads must be at least 1, not {self.threads}")

    @property
    def labels(self) -> tuple[str, ...]:
        """The category names, in the order they were given."""
        return tuple(self.categories)

    @property
    def second_opinion(self) -> bool:
        """MiniLM judges, and a zero-shot model is asked where it is unsure."""
        return self.zero_shot_model is not None and self.engine in ("auto", "minilm")

    def lines(self, label: str) -> tuple[str, ...]:
        """The description lines of a label: as given, else the default ones of that name, else the bare name."""
        given = tuple(line for line in self.categories[label] if line.strip())
        return given or DEFAULT_CATEGORIES.get(label) or (label,)

    @property
    def label_set(self) -> str:
        """A short name for these labels in this order, described as they are."""
        described = json.dumps([(label, self.lines(label)) for label in self.labels])
        return hashlib.blake2b(described.encode(), digest_size=4).hexdigest()

    def space(self, version: str) -> str:
        """Inside which what was learned holds: an engine's version and this label set."""
        return f"{version}/{self.label_set}"
