"""Measures how far to trust embedding and words on tickets neither learned: fits `ml.blend` to cross-validated scores."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, LogisticRegression  # type: ignore[import-untyped]

from ml.blend import Blend
from ml.crossvalidation import OutOfFold
from ml.scores import FloatArray, Scores, softmax

# What a blend of two scores may look like: the words from unheard to as loud as the embedding is sure, each in steps finer
# than the difference they make.
WORD_SHARES = np.linspace(0.0, 3.0, 31)
SHARPNESSES = np.geomspace(0.3, 3.0, 47)
# Where there is nothing to measure on: the embedding alone, as it comes.
UNMEASURED = np.array([1.0, 0.0, 0.0], np.float32)


def fit_blend(unseen: OutOfFold | None, classes: tuple[str, ...], versions: tuple[str, str]) -> Blend:
    """The blend that makes the chances come true on `unseen`; the embedding alone where that is None."""
    if unseen is None:
        return Blend(classes, versions, UNMEASURED, UNMEASURED, UNMEASURED, UNMEASURED)
    seen, said = unseen.seen, unseen.said
    urgent = [example.urgent for example in unseen.examples]
    pressing = [example.pressing for example in unseen.examples]
    moods = np.array([np.nan if example.mood is None else example.mood for example in unseen.examples])
    rated = ~np.isnan(moods)
    mood = LinearRegression().fit(np.column_stack([seen.mood, said.mood])[rated], moods[rated])
    return Blend(
        classes=classes,
        versions=versions,
        category=_category(unseen, seen, said),
        urgency=_chance(seen.urgency, said.urgency, urgent),
        pressing=_chance(seen.pressing, said.pressing, pressing),
        mood=np.array([*mood.coef_, mood.intercept_], np.float32),
    )


def _category(unseen: OutOfFold, seen: Scores, said: Scores) -> FloatArray:
    """Share of the words, then how sharp both are together, by the likelihood of the true labels."""
    labelled = [i for i, example in enumerate(unseen.examples) if example.category in unseen.classes]
    truth = np.array([unseen.classes.index(str(unseen.examples[i].category)) for i in labelled])

    def loss(logits: FloatArray) -> float:
        return float(-np.log(softmax(logits)[np.arange(len(truth)), truth] + 1e-9).mean())

    a, b = seen.category[labelled], said.category[labelled]
    tried = [(loss(s * (a + w * b)), s, s * w) for w in WORD_SHARES for s in SHARPNESSES]
    _, own, words = min(tried)
    return np.array([own, words, 0.0], np.float32)


def _chance(seen: FloatArray, said: FloatArray, truth: Sequence[float | None]) -> FloatArray:
    known = np.array([value is not None for value in truth])
    yes: NDArray[np.bool_] = np.array([value for value in truth if value is not None]) > 0.5
    model = LogisticRegression(C=np.inf).fit(np.column_stack([seen, said])[known], yes)
    return np.array([*model.coef_[0], model.intercept_[0]], np.float32)
