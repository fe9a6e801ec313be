"""The learned part of the MiniLM fingerprint: what most tickets share is taken out of the vector, the rest is seen through the
adapter's projection, where reports of one cause lie together; and how likely a text is to be a report of a common fault, rather
than a fault of one's own beside it, or an everyday matter, decides how near it must come.

Shipped as arrays in `weights/floods.npz` (no pickle); trained by `ml.floodtraining`.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.arrays import read_arrays, write_arrays
from ml.scores import FloatArray
from ml.verdict import Fingerprint

FLOODS_FILE = Path(__file__).with_name("weights") / "floods.npz"

# A cosine between fingerprints is this much of one between causes; the rest is between topics. By causes alone, two outages of different
# things lie near each other: at .65 as many near-misses are told apart (.93 by area), and half as many unrelated tickets come near.
CAUSE_SHARE = 0.65
# Bars as cosines: against a group of many reports, and what a single report asks for beyond that. Chosen, with those below and those of
# broker/bars.py, on floods that neither the adapter nor this head has learned from (`scripts.evaluate --floods ml/corpus/floods_bars*`)
# and tickets that nothing learned from. At .36 reports of one cause that share no words stay apart: one flood in six is not found.
THRESHOLD = 0.27
LONE = THRESHOLD + 0.07
# A handful of words says what broke and not where ("still no refund. why"): two such texts share a cause only if they are almost copies,
# and a group of many wordings asks more of one. Without this, one unrelated ticket in eighty folds instead of one in a hundred and ten.
FEW_WORDS = 5
THRESHOLD_FEW_WORDS = 0.56
LONE_FEW_WORDS = 0.75
# A text whose log-odds against near-misses, and against everyday matters (each in units of its spread), fall below DOUBT_BELOW must come
# nearer by this much for each unit. One reading of both at once folds a third more near-misses for as many reports.
DOUBT_BELOW = np.array([0.9, 1.0], np.float32)
DOUBT_PER_UNIT = np.array([0.7, 0.4], np.float32)


@dataclass(frozen=True)
class FloodHead:
    """d columns of the sentence vector, c of all views, p of a fingerprint. `encoder` names the embedding they belong to.

    `mean` (d,): of everyday tickets. `projection` (d, p): the adapter's. `weights` (c, 2), `bias` (2,): log-odds that a text reports a
    common fault and not a near-miss, and not an everyday matter, over their spread.
    """

    encoder: str
    version: str
    mean: FloatArray
    projection: FloatArray
    weights: FloatArray
    bias: FloatArray

    @classmethod
    def read(cls, path: Path = FLOODS_FILE) -> "FloodHead":
        """From an .npz file. EngineUnavailable where it is missing or isn't ours."""
        values = read_arrays(path, [field.name for field in fields(cls)])
        return cls(
            encoder=str(values["encoder"]),
            version=str(values["version"]),
            mean=values["mean"],
            projection=values["projection"].astype(np.float32),
            weights=values["weights"],
            bias=values["bias"],
        )

    def write(self, path: Path = FLOODS_FILE) -> None:
        """To an .npz file, the same bytes for the same head."""
        write_arrays(path, self)

    def fingerprint(self, views: FloatArray, content_words: int) -> Fingerprint:
        """Of one text's views (c,), the sentence vector first, and how many different words with a meaning it has."""
        topic = views[: len(self.mean)] - self.mean
        vector = np.concatenate([_scaled(topic @ self.projection, CAUSE_SHARE), _scaled(topic, 1 - CAUSE_SHARE)])
        odds = views @ self.weights + self.bias
        return Fingerprint(
            space=f"{self.encoder}+floods-{self.version}",
            vector=vector,
            threshold=THRESHOLD if content_words > FEW_WORDS else THRESHOLD_FEW_WORDS,
            lone=LONE if content_words > FEW_WORDS else LONE_FEW_WORDS,
            doubt=float(DOUBT_PER_UNIT @ np.maximum(0.0, DOUBT_BELOW - odds)),
        )


def _scaled(vector: NDArray[np.floating[Any]], share: float) -> FloatArray:
    """To the length whose square is `share`."""
    scaled: FloatArray = (vector * (share**0.5 / max(float(np.linalg.norm(vector)), 1e-6))).astype(np.float32)
    return scaled
