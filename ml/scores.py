"""Raw scores of a batch, before they become chances: what every trained head gives. A leaf module."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

# The class beside our labels for texts that are no ticket at all. It answers as General, and lends it no confidence.
ELSEWHERE = "elsewhere"


@dataclass(frozen=True)
class Scores:
    """n texts, k classes. category (n, k): logits. urgency, pressing (n,): log-odds of "high" and of "medium or high".
    mood (n,): 1..10, unclipped."""

    category: FloatArray
    urgency: FloatArray
    pressing: FloatArray
    mood: FloatArray

    @classmethod
    def stack(cls, parts: "list[Scores]") -> "Scores":
        """Several batches as one, in order; at least one."""
        return cls(
            np.concatenate([part.category for part in parts]),
            np.concatenate([part.urgency for part in parts]),
            np.concatenate([part.pressing for part in parts]),
            np.concatenate([part.mood for part in parts]),
        )


def softmax(logits: FloatArray) -> FloatArray:
    """Probabilities along the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    chances: FloatArray = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
    return chances


def sigmoid(x: FloatArray) -> FloatArray:
    """The logistic function, safe at both ends."""
    chances: FloatArray = (0.5 * (1.0 + np.tanh(0.5 * x))).astype(np.float32)
    return chances
