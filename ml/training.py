"""Fits the embedding's heads: logistic for category and urgency, ridge for mood. Needs scikit-learn, as its neighbours do."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge  # type: ignore[import-untyped]

from ml.encoder import DEPTHS
from ml.heads import Heads
from ml.reading import Reading
from ml.scores import FloatArray
from ml.sources import Example

SEED = 7
# Enough of the digest to tell two trainings apart in a verdict.
VERSION_DIGITS = 8

# How many examples of one label a source may give; the public files hold thousands that say the same.
PER_SOURCE_AND_LABEL = 300
# Total weight a source may have in one label, in own-written tickets' worth, however many rows it has: own tickets
# follow our definitions, the public files have their own and each its style.
SOURCE_WEIGHT = {
    "banking77": 50.0,
    "cfpb": 25.0,
    "clinc150": 80.0,
    # Nobody else says what belongs nowhere: at 40 a quarter of such texts came back as sure as a ticket, at 150 a tenth.
    "clinc150 elsewhere": 250.0,
    "hadoop": 25.0,
    "it_tickets": 15.0,
    "descriptions": 25.0,
}
# Urgency the public files only hint at: mostly "this is not urgent".
URGENCY_SOURCE_WEIGHT = {"banking77": 12.0, "clinc150": 20.0, "hadoop": 16.0, "vader": 16.0}
# Mood: thousands of ratings by twenty people each against a few thousand tickets in our own genre.
MOOD_SOURCE_WEIGHT = {"vader": 900.0}

# Inverse strengths of the penalties and the pull of word features against views of spread 1, chosen by cross-validation
# on the own-written tickets.
CATEGORY_C = 0.005
URGENCY_C = 0.02
MOOD_ALPHA = 500.0
FEATURE_SCALE = 3.0
# Enough for the fit to stand still to three digits of accuracy; a fit that runs on changes no verdict.
MAX_ITERATIONS = 300


@dataclass(frozen=True)
class TrainingSet:
    """Examples with what the encoder sees of them, row by row."""

    examples: Sequence[Example]
    reading: Reading

    def rows(self, keep: NDArray[np.bool_]) -> "TrainingSet":
        """The rows where `keep` is true."""
        chosen = np.flatnonzero(keep).tolist()
        seen = self.reading
        return TrainingSet(
            [self.examples[i] for i in chosen],
            Reading(
                [seen.texts[i] for i in chosen],
                seen.views[chosen],
                [seen.hits[i] for i in chosen],
                seen.urgency_features[chosen],
                seen.mood_features[chosen],
            ),
        )


def thin(examples: Sequence[Example], limit: int = PER_SOURCE_AND_LABEL) -> list[Example]:
    """At most `limit` examples of each source and label, drawn at random with a fixed seed, order kept."""
    groups: dict[tuple[str, str | None], list[int]] = {}
    for i, example in enumerate(examples):
        groups.setdefault((example.source, example.category), []).append(i)
    draw = np.random.default_rng(SEED)
    kept: list[int] = []
    for group in groups.values():
        # Sources without categories are mood ratings: all of them are worth having.
        whole = len(group) <= limit or examples[group[0]].category is None
        kept += group if whole else draw.choice(group, limit, replace=False).tolist()
    return [examples[i] for i in sorted(kept)]


def train(data: TrainingSet, *, encoder: str) -> Heads:
    """The heads. Needs at least two categories, and both urgent and other examples. Deterministic.

    The version is a digest of what was learned.
    """
    classes, category_weights, category_bias = fit_category(data)
    urgency_weights, urgency_bias = _fit_chance(data, [example.urgent for example in data.examples])
    pressing_weights, pressing_bias = _fit_chance(data, [example.pressing for example in data.examples])
    mood_weights, mood_bias = _fit_mood(data)
    digest = hashlib.sha256()
    for weights in (category_weights, urgency_weights, pressing_weights, mood_weights):
        digest.update(weights.tobytes())
    return Heads(
        encoder=encoder,
        version=digest.hexdigest()[:VERSION_DIGITS],
        classes=classes,
        category_weights=category_weights,
        category_bias=category_bias,
        urgency_weights=urgency_weights,
        urgency_bias=urgency_bias,
        pressing_weights=pressing_weights,
        pressing_bias=pressing_bias,
        mood_weights=mood_weights,
        mood_bias=mood_bias,
    )


@dataclass(frozen=True)
class _Scaled:
    """Columns brought to mean 0 and, block by block, spread 1, so that one penalty fits all; `undo` leads back."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, seen: Reading, features: FloatArray | None = None) -> "_Scaled":
        views = seen.views
        means = [views.mean(axis=0, dtype=np.float64)]
        blocks = np.split(views - means[0], DEPTHS, axis=1)
        scales = [np.full(block.shape[1], 1.0 / (block.std() + 1e-6)) for block in blocks]
        if features is not None:
            means.append(np.zeros(features.shape[1]))
            scales.append(np.full(features.shape[1], FEATURE_SCALE))
        return cls(np.concatenate(means), np.concatenate(scales))

    def apply(self, x: FloatArray) -> FloatArray:
        return ((x - self.mean) * self.scale).astype(np.float32)  # single precision fits twice as fast

    def undo(self, kernel: NDArray[np.float64], bias: NDArray[np.float64]) -> tuple[FloatArray, NDArray[np.float64]]:
        """Weights (columns, k) and bias (k,) for columns as they come."""
        plain = kernel * self.scale[:, None]
        return plain.astype(np.float32), bias - self.mean @ plain


def fit_category(data: TrainingSet) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Classes, weights (columns, k) and bias (k,) of the category head, before calibration."""
    known = data.rows(np.array([example.category is not None for example in data.examples]))
    labels = np.array([example.category for example in known.examples])
    weights = source_weights(known.examples, [str(label) for label in labels], SOURCE_WEIGHT)
    scaled = _Scaled.of(known.reading)
    model = LogisticRegression(C=CATEGORY_C, max_iter=MAX_ITERATIONS)
    model.fit(scaled.apply(known.reading.views), labels, sample_weight=weights)
    kernel, bias = scaled.undo(model.coef_.T, model.intercept_)
    if len(model.classes_) == 2:  # one column for two classes: give the other its mirror
        kernel, bias = np.hstack([-kernel / 2, kernel / 2]), np.hstack([-bias / 2, bias / 2])
    return tuple(str(name) for name in model.classes_), kernel, bias.astype(np.float32)


def _fit_chance(data: TrainingSet, chances: Sequence[float | None]) -> tuple[FloatArray, float]:
    """A head for a yes or no, from the examples whose chance of it is known."""
    keep = np.array([chance is not None for chance in chances])
    known = data.rows(keep)
    chance = np.array([chance for chance in chances if chance is not None], np.float64)
    weights = source_weights(known.examples, ["any"] * len(chance), URGENCY_SOURCE_WEIGHT)
    seen = known.reading
    scaled = _Scaled.of(seen, seen.urgency_features)
    x = scaled.apply(np.hstack([seen.views, seen.urgency_features]))
    model = LogisticRegression(C=URGENCY_C, max_iter=MAX_ITERATIONS)
    # A chance between 0 and 1 is a row of each kind with that much weight.
    rows, kinds = np.vstack([x, x]), np.repeat([1, 0], len(chance))
    shares = np.concatenate([weights * chance, weights * (1 - chance)])
    model.fit(rows[shares > 0], kinds[shares > 0], sample_weight=shares[shares > 0])
    kernel, bias = scaled.undo(model.coef_.T, model.intercept_)
    return kernel[:, 0], float(bias[0])


def _fit_mood(data: TrainingSet) -> tuple[FloatArray, float]:
    known = data.rows(np.array([example.mood is not None for example in data.examples]))
    seen = known.reading
    weights = source_weights(known.examples, ["any"] * len(known.examples), MOOD_SOURCE_WEIGHT)
    scaled = _Scaled.of(seen, seen.mood_features)
    model = Ridge(alpha=MOOD_ALPHA)
    x = scaled.apply(np.hstack([seen.views, seen.mood_features]))
    model.fit(x, [example.mood for example in known.examples], sample_weight=weights)
    kernel, bias = scaled.undo(model.coef_[:, None], np.array([model.intercept_]))
    return kernel[:, 0], float(bias[0])


def source_weights(examples: Sequence[Example], labels: Sequence[str], totals: dict[str, float]) -> NDArray[np.float64]:
    """1 for an own ticket or a seed; a public source shares out its total for each label, or the one for that label."""
    counts = Counter((example.source, label) for example, label in zip(examples, labels, strict=True))
    shares = {
        (source, label): totals.get(f"{source} {label}", totals.get(source, np.inf)) / count
        for (source, label), count in counts.items()
    }
    return np.array([min(1.0, shares[e.source, label]) for e, label in zip(examples, labels, strict=True)])
