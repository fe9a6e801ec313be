"""A second opinion on the category, from a zero-shot NLI model, with a certainty that can be held against the first one."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.certainty import fitted, tempered
from ml.pipelines import ZeroShotPipeline
from ml.scores import FloatArray
from ml.spec import EngineSpec, EngineUnavailable
from ml.text import for_model
from ml.verdict import TicketText

NAME = "nli"
# Of each label, to learn how far the model can be trusted: with five labels half a minute of a large model, once.
LINES_PER_LABEL = 8


@dataclass(frozen=True, slots=True)
class Opinion:
    """`certainty`: the calibrated chance that `category` is right, 0..1."""

    category: str
    certainty: float


class SecondReader:
    """Asked about few tickets, so it may be slow. `judge` gives one Opinion a text."""

    def __init__(self, zero_shot: ZeroShotPipeline, model: str, spec: EngineSpec) -> None:
        """Reads the description lines of the labels, to know how far to trust itself (seconds)."""
        self._zero_shot = zero_shot
        self._labels = spec.labels
        self._model = model
        lines = [(place, line) for place, label in enumerate(spec.labels) for line in _told(spec, label)]
        truth = np.array([place for place, _ in lines], np.int64)
        self.temperature = fitted(self._chances([line for _, line in lines]), truth)

    @classmethod
    def load(cls, spec: EngineSpec) -> "SecondReader":
        """The reader of a spec, loaded and calibrated. Raises EngineUnavailable."""
        if not spec.zero_shot_model:
            raise EngineUnavailable(
                "A second opinion needs ZERO_SHOT_MODEL: a local folder or a hub name of an NLI model."
            )
        return cls(ZeroShotPipeline(spec.zero_shot_model, spec), Path(spec.zero_shot_model).name, spec)

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return self._model

    def judge(self, texts: list[TicketText]) -> list[Opinion]:
        """One opinion a text, in order."""
        # A pipeline refuses an empty string; a blank ticket is judged as a dash.
        chances = tempered(self._chances([for_model(text.joined) or "-" for text in texts]), self.temperature)
        best = chances.argmax(axis=1)
        return [Opinion(self._labels[at], min(1.0, float(row[at]))) for at, row in zip(best, chances, strict=True)]

    def _chances(self, texts: list[str]) -> FloatArray:
        """Shape (n, labels)."""
        if not texts:
            return np.zeros((0, len(self._labels)), np.float32)
        said = self._zero_shot.chances(texts)
        return np.array([[row[label] for label in self._labels] for row in said], np.float32)


def _told(spec: EngineSpec, label: str) -> tuple[str, ...]:
    """Some description lines of a label, from all over its list; a bare name says nothing about the model."""
    lines = tuple(line for line in spec.lines(label) if line != label)
    return lines[:: max(1, math.ceil(len(lines) / LINES_PER_LABEL))]


def flaw(opinions: Sequence[object], expected: int, labels: Collection[str]) -> str | None:
    """What is wrong with an answer, as a clause; None: nothing is."""
    if not isinstance(opinions, (list, tuple)) or len(opinions) != expected:
        return f"the second model's answer is no list of {expected} opinions"
    for one in opinions:
        if not isinstance(one, Opinion) or one.category not in labels:
            return "the second model named a category outside the label set"
        if not isinstance(one.certainty, float) or not 0 <= one.certainty <= 1:  # NaN fails this too.
            return "the second model gave a certainty outside 0 to 1"
    return None
