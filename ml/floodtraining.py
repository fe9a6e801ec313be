"""Fits the flood head: the mean of everyday tickets, and a logistic reading of "reports a common fault".

The floods are own-written: members, and near-misses about the same product with another cause (`corpus/floods_dev*.jsonl`).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from ml.encoder import Encoder
from ml.floodhead import FloodHead
from ml.scores import FloatArray
from ml.sources import CORPUS_FOLDER, DataMissing, Example
from ml.text import for_model

# By different hands: plain outages mostly, and causes of every kind.
FLOODS_DEV = (CORPUS_FOLDER / "floods_dev.jsonl", CORPUS_FOLDER / "floods_dev_b.jsonl")
# Sources of whole tickets; banking77 and clinc150 are single questions of one desk.
EVERYDAY_SOURCES = ("own", "hadoop", "cfpb", "it_tickets")
# Inverse penalty on columns scaled to the everyday spread. .03 to 1 rank members above near-misses of unseen floods alike (.91 to .92).
C = 0.1
MAX_ITERATIONS = 500
# Whole floods are left out: their texts share a product, and often an opening.
FOLDS = 6
VERSION_DIGITS = 8


@dataclass(frozen=True, slots=True)
class FloodText:
    """One report. `member`: of the flood's own cause; False: near it, with another cause."""

    flood: str
    text: str
    member: bool


def read_floods(path: Path) -> list[FloodText]:
    """Lines of {"flood", "text", "member"}. DataMissing for an absent file, ValueError for another kind of line."""
    if not path.is_file():
        raise DataMissing(f"No such file: {path}")
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [FloodText(str(row["flood"]), str(row["text"]), bool(row["member"])) for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} holds no floods: {error}") from error


def train_floods(
    encoder: Encoder, examples: Sequence[Example], views: FloatArray, paths: Sequence[Path] = FLOODS_DEV
) -> FloodHead:
    """The head from files of floods, and the views (m, c) of the examples that the other heads learn from."""
    texts = [text for path in paths for text in read_floods(path)]
    seen = encoder.read([for_model(text.text) for text in texts])
    return fit_floods(texts, seen, [example.source for example in examples], views, encoder=encoder.name)


def fit_floods(
    texts: Sequence[FloodText], views: FloatArray, sources: Sequence[str], everyday: FloatArray, *, encoder: str
) -> FloodHead:
    """From the views (n, c) of flood texts, and those (m, c) of other texts with their sources. Deterministic.

    Raises ValueError where no source is an everyday one, or the floods have members or near-misses alone.
    """
    rows = [np.array([source.split()[0] == name for source in sources]) for name in EVERYDAY_SOURCES]
    means = [everyday[row].mean(axis=0) for row in rows if row.any()]
    if not means:
        raise ValueError("no everyday tickets to take the mean of")
    mean: FloatArray = np.mean(means, axis=0).astype(np.float32)
    # Each view by its own spread: a deep layer's unit vectors lie closer together than the last one's.
    depth = everyday.shape[1] // _depths(everyday)
    spread = np.sqrt(np.concatenate([_power(everyday, mean, at, depth) for at in range(0, everyday.shape[1], depth)]))
    x, y = (views - mean) / spread, np.array([text.member for text in texts])
    floods = np.array([text.flood for text in texts])
    names = sorted(set(floods.tolist()))
    unseen = np.zeros(len(texts))
    for fold in range(FOLDS):
        test = np.isin(floods, names[fold::FOLDS])
        if test.any() and not test.all():
            unseen[test] = _fit(x[~test], y[~test]).decision_function(x[test])
    model = _fit(x, y)
    scale = max(float(unseen.std()), 1e-6)
    weights = model.coef_[0] / spread / scale
    bias = float(model.intercept_[0] / scale - mean @ weights)
    digest = hashlib.sha256(b"".join(part.astype(np.float32).tobytes() for part in (mean, weights)))
    return FloodHead(
        encoder=encoder,
        version=digest.hexdigest()[:VERSION_DIGITS],
        mean=mean[:depth],
        weights=weights.astype(np.float32),
        bias=bias,
    )


def _depths(views: FloatArray) -> int:
    """How many unit vectors a row holds."""
    return round(float((views[0] ** 2).sum()))


def _power(everyday: FloatArray, mean: FloatArray, at: int, width: int) -> NDArray[np.float32]:
    part = everyday[:, at : at + width] - mean[at : at + width]
    return np.full(width, (part**2).sum(axis=1).mean(), np.float32)


def _fit(x: FloatArray, y: NDArray[np.bool_]) -> LogisticRegression:
    return LogisticRegression(C=C, max_iter=MAX_ITERATIONS, class_weight="balanced").fit(x, y)
