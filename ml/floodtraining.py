"""Fits the flood head: the mean of everyday tickets, and a logistic reading of "reports a common fault" against them and near-misses.

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
from ml.everyday import everyday
from ml.floodhead import FloodHead
from ml.scores import FloatArray
from ml.sources import CORPUS_FOLDER, DataMissing, Example
from ml.text import for_model

# By different hands: plain outages mostly in the first, causes of every kind in the others.
FLOODS_DEV = tuple(CORPUS_FOLDER / f"floods_dev{letter}.jsonl" for letter in ("", "_b", "_c", "_d"))
# The share of everyday texts in what is no report of a common fault; the rest are near-misses. At none, a bank's everyday questions
# pass for reports; at .7 more near-misses do.
EVERYDAY_SHARE = 0.5
# Inverse penalty on columns scaled to the everyday spread. .02 and .1 rank members above near-misses of unseen floods alike (.93);
# at .02 more of them fold at the same share of near-misses.
C = 0.02
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
    """The head from files of floods, and the views (m, c) of the examples that the other heads learn from.

    Raises ValueError where the encoder has no adapter.
    """
    if encoder.adapter is None:
        raise ValueError(f"{encoder.name} has no adapter, and so no projection to see causes through")
    texts = [text for path in paths for text in read_floods(path)]
    seen = encoder.read([for_model(text.text) for text in texts])
    projection = encoder.adapter.projection.astype(np.float32)
    sources = [example.source for example in examples]
    return fit_floods(texts, seen, sources, views, projection=projection, encoder=encoder.name)


def fit_floods(
    texts: Sequence[FloodText],
    views: FloatArray,
    sources: Sequence[str],
    usual: FloatArray,
    *,
    projection: FloatArray,
    encoder: str,
) -> FloodHead:
    """From the views (n, c) of flood texts, those (m, c) of other texts with their sources, and the adapter's projection (d, p).

    Deterministic.

    Raises ValueError where no source is an everyday one, or the floods have no members.
    """
    rows = everyday(sources)
    if not rows:
        raise ValueError("no everyday tickets to tell reports from")
    usual = usual[rows]
    mean: FloatArray = usual.mean(axis=0)
    # Each view by its own spread: a deep layer's unit vectors lie closer together than the last one's.
    depth = usual.shape[1] // _depths(usual)
    spread = np.sqrt(np.concatenate([_power(usual, mean, at, depth) for at in range(0, usual.shape[1], depth)]))
    x, y = (views - mean) / spread, np.array([text.member for text in texts])
    others = (usual - mean) / spread
    floods = np.array([text.flood for text in texts])
    names = sorted(set(floods.tolist()))
    unseen = np.zeros(len(texts))
    for fold in range(FOLDS):
        test = np.isin(floods, names[fold::FOLDS])
        if test.any() and not test.all():
            unseen[test] = _fit(x[~test], y[~test], others).decision_function(x[test])
    model = _fit(x, y, others)
    scale = max(float(unseen.std()), 1e-6)
    weights = model.coef_[0] / spread / scale
    bias = float(model.intercept_[0] / scale - mean @ weights)
    digest = hashlib.sha256(b"".join(part.astype(np.float32).tobytes() for part in (mean, projection, weights)))
    return FloodHead(
        encoder=encoder,
        version=digest.hexdigest()[:VERSION_DIGITS],
        mean=mean[:depth],
        projection=projection,
        weights=weights.astype(np.float32),
        bias=bias,
    )


def _depths(views: FloatArray) -> int:
    """How many unit vectors a row holds."""
    return round(float((views[0] ** 2).sum()))


def _power(usual: FloatArray, mean: FloatArray, at: int, width: int) -> NDArray[np.float32]:
    part = usual[:, at : at + width] - mean[at : at + width]
    return np.full(width, (part**2).sum(axis=1).mean(), np.float32)


def _fit(x: FloatArray, member: NDArray[np.bool_], others: FloatArray) -> LogisticRegression:
    """Members weigh as much as near-misses and everyday texts together."""
    members = member.sum()
    weights = np.where(member, 1.0, (1 - EVERYDAY_SHARE) * members / max(1, (~member).sum()))
    weights = np.concatenate([weights, np.full(len(others), EVERYDAY_SHARE * members / len(others))])
    belongs = np.concatenate([member, np.zeros(len(others), bool)])
    return LogisticRegression(C=C, max_iter=MAX_ITERATIONS).fit(
        np.concatenate([x, others]), belongs, sample_weight=weights
    )
