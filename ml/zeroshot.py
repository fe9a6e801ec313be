"""Zero-shot categories: a text belongs where its embedding lies nearest to a label's description lines."""

import numpy as np

from ml.encoder import Encoder
from ml.scores import FloatArray, softmax
from ml.spec import EngineSpec
from ml.text import for_model

# Cosines of MiniLM span a few tenths between labels; a twentieth turns a clear lead (.15) into 95 %.
TEMPERATURE = 0.05
# Nearest line and mean of the three nearest: one lucky line is tempered by its neighbours.
NEAREST_LINES = 3
# A text nearer to none than this fits no label; it is what unrelated sentences score.
UNRELATED_COSINE = 0.15


class ZeroShot:
    """Description lines embedded once."""

    def __init__(self, encoder: Encoder, spec: EngineSpec) -> None:
        self.labels = spec.labels
        self._lines = {label: spec.lines(label) for label in spec.labels}
        self._vectors = {
            label: encoder.encode([for_model(line) for line in lines]) for label, lines in self._lines.items()
        }

    def categories(self, vectors: FloatArray) -> FloatArray:
        """Probabilities, shape (n, labels); a row adds up to one less what is unrelated to all of them."""
        scores = np.stack([self._score(vectors, label) for label in self.labels], axis=1)
        unrelated = np.full((len(vectors), 1), UNRELATED_COSINE, dtype=np.float32)
        logits = np.hstack([scores, unrelated]).astype(np.float32) / np.float32(TEMPERATURE)
        return softmax(logits)[:, :-1]

    def nearest_line(self, vector: FloatArray, label: str) -> str:
        """The description line of `label` nearest to one vector: what an explanation quotes."""
        return self._lines[label][int(np.argmax(self._vectors[label] @ vector))]

    def _score(self, vectors: FloatArray, label: str) -> FloatArray:
        cosines = np.sort(vectors @ self._vectors[label].T, axis=1)[:, ::-1]
        score: FloatArray = 0.5 * cosines[:, 0] + 0.5 * cosines[:, :NEAREST_LINES].mean(axis=1)
        return score
