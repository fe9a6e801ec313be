"""The small trained heads on the encoder's views of a text: numpy only, shipped as arrays in `weights/heads.npz` (no pickle).

Weights come from `ml.training`; `weights/README.md` is their card.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ml.spec import EngineUnavailable

WEIGHTS_FILE = Path(__file__).with_name("weights") / "heads.npz"

# The class beside our labels for texts that are no ticket at all. It answers as General, and lends it no confidence.
ELSEWHERE = "elsewhere"

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Heads:
    """Three linear heads. n texts, d columns of the encoder's views, f urgency and m mood features, k classes.

    category: softmax((x W + b) / temperature), W (d, k). urgency: logistic on [x, features], (d + f,). sentiment: linear on
    [x, mood features], (d + m,), clipped to 1..10. `encoder` names the embedding they belong to.
    """

    encoder: str
    version: str
    classes: tuple[str, ...]
    category_weights: FloatArray
    category_bias: FloatArray
    temperature: float
    urgency_weights: FloatArray
    urgency_bias: float
    sentiment_weights: FloatArray
    sentiment_bias: float

    @classmethod
    def read(cls, path: Path = WEIGHTS_FILE) -> "Heads":
        """From an .npz file. EngineUnavailable where it is missing or isn't ours."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                values = {field.name: stored[field.name] for field in fields(cls)}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise EngineUnavailable(
                f"The trained heads at {path} are missing or damaged: run `python -m scripts.train --data DIR`."
            ) from error
        return cls(
            encoder=str(values["encoder"]),
            version=str(values["version"]),
            classes=tuple(str(name) for name in values["classes"]),
            category_weights=values["category_weights"],
            category_bias=values["category_bias"],
            temperature=float(values["temperature"]),
            urgency_weights=values["urgency_weights"],
            urgency_bias=float(values["urgency_bias"]),
            sentiment_weights=values["sentiment_weights"],
            sentiment_bias=float(values["sentiment_bias"]),
        )

    def write(self, path: Path) -> None:
        """To an .npz file, the same bytes for the same heads."""
        path.parent.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        np.savez(path, **arrays)

    def serves(self, labels: tuple[str, ...]) -> bool:
        """Whether the category head knows every one of `labels` (it may know more)."""
        return set(labels) <= set(self.classes) - {ELSEWHERE}

    def categories(self, views: FloatArray, labels: tuple[str, ...]) -> FloatArray:
        """Probabilities for `labels` among the classes asked for and ELSEWHERE, shape (n, len(labels)).

        A row adds up to one less what belongs elsewhere.
        """
        asked = [self.classes.index(label) for label in labels]
        if ELSEWHERE in self.classes:
            asked.append(self.classes.index(ELSEWHERE))
        logits = views @ self.category_weights + self.category_bias
        return softmax(logits[:, asked] / self.temperature)[:, : len(labels)]

    def urgency(self, views: FloatArray, features: FloatArray) -> FloatArray:
        """S, the chance of "high", shape (n,)."""
        return sigmoid(np.hstack([views, features]) @ self.urgency_weights + np.float32(self.urgency_bias))

    def sentiment(self, views: FloatArray, features: FloatArray) -> FloatArray:
        """Mood 1..10, shape (n,)."""
        raw = np.hstack([views, features]) @ self.sentiment_weights + np.float32(self.sentiment_bias)
        moods: FloatArray = np.clip(raw, 1.0, 10.0).astype(np.float32)
        return moods


def softmax(logits: FloatArray) -> FloatArray:
    """Probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    chances: FloatArray = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
    return chances


def sigmoid(x: FloatArray) -> FloatArray:
    """The logistic function, safe at both ends."""
    chances: FloatArray = (0.5 * (1.0 + np.tanh(0.5 * x))).astype(np.float32)
    return chances
