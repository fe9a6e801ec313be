"""Learned weights of words and word pairs: dictionary look-ups, no model, no torch. The keyword engine judges by them alone,
the MiniLM engine listens to them beside its embedding.

Shipped as arrays in `weights/words.npz` (no pickle); trained by `ml.wordtraining` on the texts the other heads learn from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ml.arrays import read_arrays
from ml.scores import FloatArray, Scores
from ml.text import stem, words

WORDS_FILE = Path(__file__).with_name("weights") / "words.npz"


def terms(text: str) -> list[str]:
    """The different stems of `text` and its different pairs of neighbours, each once, in order."""
    stems = [stem(word) for word in words(text)]
    pairs = [f"{first} {second}" for first, second in pairwise(stems)]
    return list(dict.fromkeys([*stems, *pairs]))


@dataclass(frozen=True)
class WordHeads:
    """Linear heads over known terms, each text's terms sharing a length of 1.

    n terms, k classes, f urgency features, m mood features. `table`: (n, k + 3), the classes, then urgency ("high"), pressing
    ("medium or high") and mood.
    """

    version: str
    classes: tuple[str, ...]
    vocabulary: Mapping[str, int]
    table: FloatArray
    bias: FloatArray  # (k + 3,)
    urgency_features: FloatArray  # (f,)
    pressing_features: FloatArray  # (f,)
    mood_features: FloatArray  # (m,)

    @classmethod
    def read(cls, path: Path = WORDS_FILE) -> "WordHeads":
        """From an .npz file. EngineUnavailable where it is missing or isn't ours."""
        values = read_arrays(path, [field.name for field in fields(cls)])
        return cls(
            version=str(values["version"]),
            classes=tuple(str(name) for name in values["classes"]),
            vocabulary={str(term): i for i, term in enumerate(values["vocabulary"])},
            table=values["table"].astype(np.float32),
            bias=values["bias"],
            urgency_features=values["urgency_features"],
            pressing_features=values["pressing_features"],
            mood_features=values["mood_features"],
        )

    def write(self, path: Path) -> None:
        """To an .npz file; half precision is plenty and halves the file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        arrays["vocabulary"] = np.array(list(self.vocabulary))
        arrays["table"] = self.table.astype(np.float16)
        np.savez_compressed(path, **arrays)

    def read_text(self, text: str) -> FloatArray:
        """Class logits, then urgency, pressing and mood of the words alone, shape (k + 3,)."""
        rows = [self.vocabulary[term] for term in terms(text) if term in self.vocabulary]
        if not rows:
            return self.bias
        summed: FloatArray = self.table[rows].sum(axis=0) / np.float32(np.sqrt(len(rows))) + self.bias
        return summed

    def score(self, texts: Sequence[str], urgency_features: FloatArray, mood_features: FloatArray) -> Scores:
        """Raw scores of n texts (as `for_model` leaves them) with urgency features (n, f) and mood features (n, m)."""
        k = len(self.classes)
        read = np.array([self.read_text(text) for text in texts], np.float32).reshape(len(texts), k + 3)
        return Scores(
            category=read[:, :k],
            urgency=read[:, k] + urgency_features @ self.urgency_features,
            pressing=read[:, k + 1] + urgency_features @ self.pressing_features,
            mood=read[:, k + 2] + mood_features @ self.mood_features,
        )
