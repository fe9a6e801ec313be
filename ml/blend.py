"""How much embedding and words count in each judgement, and the calibration of what comes out: stacked generalisation
(Wolpert 1992) with few enough weights to be measured on the own tickets alone. Shipped in `weights/blend.npz`.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from ml.arrays import read_arrays, write_arrays
from ml.scores import ELSEWHERE, FloatArray, Scores, sigmoid, softmax

BLEND_FILE = Path(__file__).with_name("weights") / "blend.npz"


@dataclass(frozen=True)
class Blend:
    """Scores of the embedding's heads and of the word heads into chances.

    Each row is (embedding, words, constant): category (the constant is nought), urgency, pressing, mood. `versions`: the two
    heads it was measured with.
    """

    classes: tuple[str, ...]
    versions: tuple[str, str]
    category: FloatArray
    urgency: FloatArray
    pressing: FloatArray
    mood: FloatArray

    @classmethod
    def read(cls, path: Path = BLEND_FILE) -> "Blend":
        """From an .npz file. EngineUnavailable where it is missing or isn't ours."""
        values = read_arrays(path, [field.name for field in fields(cls)])
        heads, words = (str(version) for version in values["versions"])
        return cls(
            classes=tuple(str(name) for name in values["classes"]),
            versions=(heads, words),
            category=values["category"],
            urgency=values["urgency"],
            pressing=values["pressing"],
            mood=values["mood"],
        )

    def write(self, path: Path) -> None:
        """To an .npz file, the same bytes for the same blend."""
        write_arrays(path, self)

    def serves(self, labels: tuple[str, ...]) -> bool:
        """Whether every one of `labels` is a class that was learned."""
        return set(labels) <= set(self.classes) - {ELSEWHERE}

    def categories(self, seen: Scores, said: Scores, labels: tuple[str, ...]) -> FloatArray:
        """Probabilities for `labels` among the classes asked for and ELSEWHERE, shape (n, len(labels)).

        A row adds up to one less what belongs elsewhere.
        """
        asked = [self.classes.index(label) for label in labels]
        if ELSEWHERE in self.classes:
            asked.append(self.classes.index(ELSEWHERE))
        logits = self.category[0] * seen.category + self.category[1] * said.category
        return softmax(logits[:, asked])[:, : len(labels)]

    def urgent(self, seen: Scores, said: Scores) -> FloatArray:
        """S, the chance of "high", shape (n,)."""
        return sigmoid(mix(self.urgency, seen.urgency, said.urgency))

    def presses(self, seen: Scores, said: Scores) -> FloatArray:
        """The chance of "medium or high", shape (n,)."""
        return sigmoid(mix(self.pressing, seen.pressing, said.pressing))

    def moods(self, seen: Scores, said: Scores) -> FloatArray:
        """Mood 1..10, shape (n,)."""
        moods: FloatArray = np.clip(mix(self.mood, seen.mood, said.mood), 1.0, 10.0).astype(np.float32)
        return moods


def mix(row: FloatArray, seen: FloatArray, said: FloatArray) -> FloatArray:
    """row[0] * seen + row[1] * said + row[2]."""
    mixed: FloatArray = (row[0] * seen + row[1] * said + row[2]).astype(np.float32)
    return mixed
