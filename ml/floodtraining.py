"""Fits the flood head: the mean of everyday tickets, and two logistic readings of "reports a common fault": against near-misses, and
against everyday tickets.

The floods are own-written: members, and near-misses about the same product with another cause (`corpus/floods_dev*.jsonl`).
"""

import hashlib
import json
from collections.abc import Callable, Sequence
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
FLOODS_DEV = tuple(CORPUS_FOLDER / f"floods_dev{letter}.jsonl" for letter in ("", "_b", "_c", "_d", "_e", "_f"))
# Inverse penalty on columns scaled to spread 1. From .001 to .01 members stand above near-misses of unseen floods alike (.95 and .87 by
# area, on floods with easy and with hard near-misses).
C = 0.003
MAX_ITERATIONS = 500
# Whole floods are left out: their texts share a product, and often an opening.
FOLDS = 3
# Columns that hardly move are not blown up.
LEAST_SPREAD = 1e-3
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
    depth = usual.shape[1] // _depths(usual)
    spread = np.maximum(views.std(axis=0), LEAST_SPREAD)
    x, member = views / spread, np.array([text.member for text in texts])
    everyday_x = usual / spread

    def near_misses(rows: NDArray[np.bool_]) -> LogisticRegression:
        return _fit(x[rows], member[rows])

    def strangers(rows: NDArray[np.bool_]) -> LogisticRegression:
        members = x[rows & member]
        belongs = np.repeat([True, False], [len(members), len(everyday_x)])
        weights = np.where(belongs, 1.0, len(members) / len(everyday_x))
        return _fit(np.concatenate([members, everyday_x]), belongs, weights)

    floods = [text.flood for text in texts]
    readings = [_reading(fit, x, floods) for fit in (near_misses, strangers)]
    weights = np.stack([weights / spread for weights, _ in readings], axis=1)
    digest = hashlib.sha256(b"".join(part.astype(np.float32).tobytes() for part in (mean, projection, weights)))
    return FloodHead(
        encoder=encoder,
        version=digest.hexdigest()[:VERSION_DIGITS],
        mean=mean[:depth],
        projection=projection,
        weights=weights.astype(np.float32),
        bias=np.array([bias for _, bias in readings], np.float32),
    )


def _depths(views: FloatArray) -> int:
    """How many unit vectors a row holds."""
    return round(float((views[0] ** 2).sum()))


def _reading(
    fit: Callable[[NDArray[np.bool_]], LogisticRegression], x: FloatArray, floods: Sequence[str]
) -> tuple[FloatArray, float]:
    """Weights (c,) and bias of log-odds over their spread, which is taken where whole floods are left out."""
    names, of = sorted(set(floods)), np.array(floods)
    unseen = np.zeros(len(floods))
    for fold in range(min(FOLDS, len(names))):
        test = np.isin(of, names[fold::FOLDS])
        if not test.all():
            unseen[test] = fit(~test).decision_function(x[test])
    model = fit(np.ones(len(floods), bool))
    scale = max(float(unseen.std()), 1e-6)
    return model.coef_[0] / scale, float(model.intercept_[0] / scale)


def _fit(x: FloatArray, belongs: NDArray[np.bool_], weights: NDArray[np.float64] | None = None) -> LogisticRegression:
    return LogisticRegression(C=C, max_iter=MAX_ITERATIONS).fit(x, belongs, sample_weight=weights)
