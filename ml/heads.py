"""The small trained heads on the encoder's views of a text: numpy only, shipped as arrays in `weights/heads.npz` (no pickle).

Weights come from `ml.training`; `weights/README.md` is their card.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from ml.arrays import read_arrays, write_arrays
from ml.scores import FloatArray, Scores

WEIGHTS_FILE = Path(__file__).with_name("weights") / "heads.npz"


@dataclass(frozen=True)
class Heads:
    """Linear heads. d columns of the encoder's views, f urgency and m mood features, k classes.

    category: x W + b, W (d, k). urgency and pressing (d + f,): log-odds of "high" and of "medium or high" on [x, features].
    mood (d + m,): on [x, mood features]. `encoder` names the embedding they belong to.
    """

    encoder: str
    version: str
    classes: tuple[str, ...]
    category_weights: FloatArray
    category_bias: FloatArray
    urgency_weights: FloatArray
    urgency_bias: float
    pressing_weights: FloatArray
    pressing_bias: float
    mood_weights: FloatArray
    mood_bias: float

    @classmethod
    def read(cls, path: Path = WEIGHTS_FILE) -> "Heads":
        """From an .npz file. EngineUnavailable where it is missing or isn't ours."""
        values = read_arrays(path, [field.name for field in fields(cls)])
        return cls(
            encoder=str(values["encoder"]),
            version=str(values["version"]),
            classes=tuple(str(name) for name in values["classes"]),
            category_weights=values["category_weights"],
            category_bias=values["category_bias"],
            urgency_weights=values["urgency_weights"],
            urgency_bias=float(values["urgency_bias"]),
            pressing_weights=values["pressing_weights"],
            pressing_bias=float(values["pressing_bias"]),
            mood_weights=values["mood_weights"],
            mood_bias=float(values["mood_bias"]),
        )

    def write(self, path: Path) -> None:
        """To an .npz file, the same bytes for the same heads."""
        write_arrays(path, self)

    def score(self, views: FloatArray, urgency_features: FloatArray, mood_features: FloatArray) -> Scores:
        """Raw scores of n texts from views (n, d), urgency features (n, f) and mood features (n, m)."""
        urgent_columns = np.hstack([views, urgency_features])
        return Scores(
            category=views @ self.category_weights + self.category_bias,
            urgency=urgent_columns @ self.urgency_weights + np.float32(self.urgency_bias),
            pressing=urgent_columns @ self.pressing_weights + np.float32(self.pressing_bias),
            mood=np.hstack([views, mood_features]) @ self.mood_weights + np.float32(self.mood_bias),
        )
