"""Fits the word weights. Needs scikit-learn, as `ml.training` does."""

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression, Ridge  # type: ignore[import-untyped]

from ml.scores import FloatArray
from ml.sources import Example
from ml.training import (
    MOOD_SOURCE_WEIGHT,
    SOURCE_WEIGHT,
    URGENCY_SOURCE_WEIGHT,
    VERSION_DIGITS,
    TrainingSet,
    source_weights,
)
from ml.wordheads import WordHeads, terms

# A term seen in fewer texts says more about its text than about a label.
FEWEST_TEXTS = 5
# Chosen by cross-validation on the own tickets: category .78, urgency AUROC .96, mood r .67.
WORDS_C = 10.0
MOOD_ALPHA = 1.0
# How loud a signal of `ml.urgency` is beside a word.
URGENCY_FEATURE_SCALE = 0.3
MAX_ITERATIONS = 200
# A chance of "high" from here on counts as high; only weak hints lie between.
HIGH_FROM = 0.45


def train_words(data: TrainingSet) -> WordHeads:
    """Word weights for category, urgency and mood. Deterministic."""
    examples, seen = data.examples, data.reading
    bags = [terms(text) for text in seen.texts]
    counts = Counter(term for bag in bags for term in bag)
    vocabulary = {term: i for i, term in enumerate(sorted(term for term in counts if counts[term] >= FEWEST_TEXTS))}
    x = _matrix(bags, vocabulary)

    known = np.flatnonzero([example.category is not None for example in examples]).tolist()
    labels = [str(examples[i].category) for i in known]
    category = LogisticRegression(C=WORDS_C, max_iter=MAX_ITERATIONS)
    category.fit(x[known], labels, sample_weight=_weights(examples, known, labels, SOURCE_WEIGHT))

    signals = seen.urgency_features * np.float32(URGENCY_FEATURE_SCALE)
    urgent = _fit_chance(examples, x, signals, [example.urgent for example in examples])
    pressing = _fit_chance(examples, x, signals, [example.pressing for example in examples])

    known = np.flatnonzero([example.mood is not None for example in examples]).tolist()
    moods = Ridge(alpha=MOOD_ALPHA, solver="lsqr")
    moods.fit(
        hstack([x[known], csr_matrix(seen.mood_features[known])]).tocsr(),
        [examples[i].mood for i in known],
        sample_weight=_weights(examples, known, ["any"] * len(known), MOOD_SOURCE_WEIGHT),
    )

    n = len(vocabulary)
    columns = [category.coef_.T, urgent.coef_[0][:n], pressing.coef_[0][:n], moods.coef_[:n]]
    intercepts = [category.intercept_, urgent.intercept_, pressing.intercept_, [moods.intercept_]]
    table = np.column_stack(columns).astype(np.float32)
    return WordHeads(
        version=hashlib.sha256(table.tobytes()).hexdigest()[:VERSION_DIGITS],
        classes=tuple(str(name) for name in category.classes_),
        vocabulary=vocabulary,
        table=table,
        bias=np.concatenate(intercepts).astype(np.float32),
        urgency_features=(urgent.coef_[0][n:] * URGENCY_FEATURE_SCALE).astype(np.float32),
        pressing_features=(pressing.coef_[0][n:] * URGENCY_FEATURE_SCALE).astype(np.float32),
        mood_features=moods.coef_[n:].astype(np.float32),
    )


def _fit_chance(
    examples: Sequence[Example], x: csr_matrix, signals: FloatArray, chances: Sequence[float | None]
) -> LogisticRegression:
    """A head for a yes or no known of some examples, on words and urgency signals."""
    known = np.flatnonzero([chance is not None for chance in chances]).tolist()
    head = LogisticRegression(C=WORDS_C, max_iter=MAX_ITERATIONS)
    head.fit(
        hstack([x[known], csr_matrix(signals[known])]),
        [(chances[i] or 0.0) > HIGH_FROM for i in known],
        sample_weight=_weights(examples, known, ["any"] * len(known), URGENCY_SOURCE_WEIGHT),
    )
    return head


def _matrix(bags: Sequence[Sequence[str]], vocabulary: dict[str, int]) -> csr_matrix:
    rows, columns, values = [], [], []
    for row, bag in enumerate(bags):
        known = [vocabulary[term] for term in bag if term in vocabulary]
        rows += [row] * len(known)
        columns += known
        values += [1 / np.sqrt(max(1, len(known)))] * len(known)
    return csr_matrix((values, (rows, columns)), shape=(len(bags), len(vocabulary)), dtype=np.float32)


def _weights(
    examples: Sequence[Example], rows: Sequence[int], labels: Sequence[str], totals: dict[str, float]
) -> NDArray[np.float64]:
    return source_weights([examples[i] for i in rows], labels, totals)
