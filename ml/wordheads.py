"""Learned weights of words and word pairs for the keyword engine: dictionary look-ups, no model, no torch.

Shipped as arrays in `weights/words.npz` (no pickle); trained by `ml.wordtraining` on the texts the other heads learn from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ml.heads import FloatArray
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

    n terms, k classes, f urgency features, m mood features. `table`: (n, k + 2), the classes, then urgency, then mood.
    """

    version: str
    classes: tuple[str, ...]
    vocabulary: Mapping[str, int]
    table: FloatArray
    bias: FloatArray  # (k + 2,)
    urgency_features: FloatArray  # (f,)
    mood_features: FloatArray  # (m,)

    @classmethod
    def read(cls, path: Path = WORDS_FILE) -> "WordHeads":
        """From an .npz file. ValueError or OSError where it is missing or isn't ours."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                values = {field.name: stored[field.name] for field in fields(cls)}
        except (KeyError, EOFError, BadZipFile) as error:
            raise ValueError(f"{path} holds no word weights") from error
        return cls(
            version=str(values["version"]),
            classes=tuple(str(name) for name in values["classes"]),
            vocabulary={str(term): i for i, term in enumerate(values["vocabulary"])},
            table=values["table"].astype(np.float32),
            bias=values["bias"],
            urgency_features=values["urgency_features"],
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
        """Class logits, then the urgency and the mood of the words, shape (k + 2,)."""
        rows = [self.vocabulary[term] for term in terms(text) if term in self.vocabulary]
        if not rows:
            return self.bias
        summed: FloatArray = self.table[rows].sum(axis=0) / np.float32(np.sqrt(len(rows))) + self.bias
        return summed

    def categories(self, reading: FloatArray, labels: Sequence[str]) -> dict[str, float]:
        """Label -> logit, for the labels this head knows."""
        return {label: float(reading[self.classes.index(label)]) for label in labels if label in self.classes}
