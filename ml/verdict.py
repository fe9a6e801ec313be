"""What goes into a model and what comes out: a leaf module of types that imports nothing of ours."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TicketText:
    """The words of one ticket, as the customer sent them. Any of the three may be empty."""

    subject: str = ""
    body: str = ""
    description: str = ""

    @property
    def joined(self) -> str:
        """The non-blank parts, one a line, in the order a reader meets them."""
        return "\n".join(part.strip() for part in (self.subject, self.body, self.description) if part.strip())


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Where a text lies for near-duplicate search.

    `vector` is float32, unit length, shape (d,). Two fingerprints compare only inside one `space`, by dot product;
    `threshold` is the cosine to the mean of many near-duplicates from which this text is one of them, `lone` the cosine to a
    single one (None: the same). `doubt` comes on top where the text may be about another cause, before it is folded with them.
    """

    space: str
    vector: NDArray[np.float32]
    threshold: float
    lone: float | None = None
    doubt: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a category was chosen from, before anything learned from corrections. It tells nobody the text.

    `chances` (k,): of each of `labels`; they add up to one less what fits no label. `vector` (d,): the sentence vector, unit length. Both
    float32. What is learned holds inside one `space`: the same engine, version and label set.
    """

    space: str
    labels: tuple[str, ...]
    chances: NDArray[np.float32]
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an engine says of one ticket."""

    category: str
    confidence: float  # 0..1
    sentiment_score: float  # 1 furious .. 10 delighted
    urgency_score: float  # S, 0..1
    reasons: tuple[str, ...]  # short sentences an agent understands
    summary: str  # one line
    engine: str  # "minilm", "nli", "keywords", "stub"
    model_version: str
    fingerprint: Fingerprint | None  # None: too short to group with anything
    pressing: float | None = None  # the chance that it is medium at least; None: this engine has no opinion but S
    evidence: Evidence | None = (
        None  # where there is one, the last reason speaks of the category; None: nothing to learn from
    )


class Engine(Protocol):
    """Judges a batch in order: one verdict a text, never fewer. May raise; callers fall back."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def judge(self, texts: "list[TicketText]") -> list[Verdict]: ...
