"""What corrections teach: a small change to an engine's chances, which starts at none at all. Pure numpy.

    logits = log(prior chances) + x W + b

x is the sentence vector and beside it, in small, the prior's own logits: with them "what the model calls A is called B here" takes tens
of corrections instead of hundreds (12 points more after fifty), and nothing else changed. W and b are fitted by multinomial logistic
regression with the prior as a fixed offset and an L2 penalty that pulls them to nought, so that few examples change little and far from
all examples nothing. How strong the penalty is, and whether to change anything, is decided by what examples left out would have got.
The views from inside the encoder, three times as wide, gave the same accuracy within a point at every number of examples on four public
label sets, so the sentence vector alone is used.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ml.descriptions import GENERAL_LABEL
from ml.ridge import softmax_path
from ml.verdict import Evidence

Array = NDArray[np.float64]
FloatArray = NDArray[np.float32]
Bools = NDArray[np.bool_]

# Penalties tried, strong to weak. The ends were never chosen or never mattered on 5 to 500 examples of four public label sets.
PENALTIES = (30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03)
# Each example is left out once.
FOLDS = 5
# The penalty is chosen on so many; it hardly moves beyond, and choosing takes far longer than fitting.
MOST_FOR_CHOOSING = 2_000
# Fewer examples than this say nothing: with ten, left-out scores liked chance patterns that cost 12 points elsewhere.
FEWEST = 20
# A change must explain the left-out examples better by e^3, the odds usually called strong evidence, and by 1.5 standard errors.
LEAST_GAIN_NATS = 3.0
LEAST_GAIN_ERRORS = 1.5
# And get more of them right, beyond what chance explains of those that changed (one-sided 95 %). With 1.0 a hundred examples gained a point
# or two more, and one draw in ten of 25 or 50 ended up to a point below a prior that is right 91 times in 100.
LEAST_WON_ERRORS = 1.64
# A label may get a head start of its own; it is penalised like a direction of this length in x (vectors have length 1).
BIAS_LENGTH = 0.3
# The prior's logits in x count so much. At 0.03 a renamed label was learned half as fast; at 0.2 nothing was gained.
PRIOR_SHARE = 0.1
# Chances below this are as good as none; their logarithms must not drown what is learned.
LEAST_CHANCE = 1e-6
# Worse on held-back examples beyond doubt: one-sided 95 % of the normal distribution, on the examples where two versions differ.
CLEAR_ERRORS = 1.64


@dataclass(frozen=True)
class Lesson:
    """A change to the chances of one set of k labels. `weights` (d + k, k + 1), `bias` (k + 1,): the last column is what fits no label."""

    weights: FloatArray
    bias: FloatArray

    def chances(self, prior: FloatArray, vectors: FloatArray) -> FloatArray:
        """Prior chances (n, k) and sentence vectors (n, d) to chances (n, k); a row adds up to one less what fits no label."""
        offset = _logits(prior)
        logits = offset + _features(vectors, offset) @ self.weights + self.bias
        changed: FloatArray = _softmax(logits)[:, :-1].astype(np.float32)
        return changed

    def to_bytes(self) -> bytes:
        """Float16: chances move by less than a thousandth."""
        return np.vstack([self.weights, self.bias]).astype(np.float16).tobytes()

    @classmethod
    def from_bytes(cls, packed: bytes, labels: int) -> Self:
        """Raises ValueError where the bytes are not of so many labels."""
        rows = np.frombuffer(packed, np.float16).astype(np.float32).reshape(-1, labels + 1)
        return cls(weights=rows[:-1], bias=rows[-1])


def fit(labels: Sequence[str], prior: FloatArray, vectors: FloatArray, truth: Sequence[str]) -> Lesson | None:
    """What n examples teach: prior chances (n, k), sentence vectors (n, d), the right label of each. None: better no change.

    Deterministic. Half a second for 500 examples of 8 labels on one core, four seconds for 10,000.
    """
    if len(truth) < FEWEST:
        return None
    answers = np.array([labels.index(label) for label in truth])
    offset = _logits(prior)
    seen = _features(vectors, offset)
    centre = seen.mean(axis=0)
    x = np.hstack([seen - centre, np.full((len(truth), 1), BIAS_LENGTH)])
    # Drawn once and for all, so that the same examples always give the same lesson.
    some = np.random.default_rng(len(truth)).permutation(len(truth))[:MOST_FOR_CHOOSING]
    penalties = _worth_it(labels, x[some], offset[some], answers[some])
    if not penalties:
        return None
    *_, kernel = softmax_path(x, offset, answers, penalties)
    weights = kernel[:-1]
    return Lesson(weights.astype(np.float32), (BIAS_LENGTH * kernel[-1] - centre @ weights).astype(np.float32))


def likeliest(labels: Sequence[str], chances: FloatArray) -> str:
    """The label of one row of chances (k,); General, where there is one, takes what belongs elsewhere too."""
    return labels[int(_picks(labels, chances[None, :])[0])]


def right(labels: Sequence[str], chances: FloatArray, truth: Sequence[str]) -> Bools:
    """Which rows of chances (n, k) name the true label."""
    found: Bools = np.array([labels[at] for at in _picks(labels, chances)]) == np.array(truth)
    return found


def clearly_worse(new: Bools, old: Bools) -> bool:
    """Whether `new` is right less often than `old` on the same examples, beyond what chance explains."""
    lost, won = int((old & ~new).sum()), int((new & ~old).sum())
    return lost - won > CLEAR_ERRORS * math.sqrt(lost + won)


def learned(evidence: Evidence, lesson: Lesson) -> FloatArray:
    """The chances (k,) of one verdict's evidence after a lesson."""
    row: FloatArray = lesson.chances(evidence.chances[None, :], evidence.vector[None, :])[0]
    return row


def _worth_it(labels: Sequence[str], x: Array, offset: Array, answers: NDArray[np.int64]) -> tuple[float, ...]:
    """The penalties from the strongest to the one that serves left-out examples best; none where no change serves them as well."""
    n = len(answers)
    fold = np.arange(n) % FOLDS
    losses, picks = np.zeros((len(PENALTIES), n)), np.zeros((len(PENALTIES), n), np.int64)
    for out in range(FOLDS):
        kept, left = fold != out, fold == out
        for at, kernel in enumerate(softmax_path(x[kept], offset[kept], answers[kept], PENALTIES)):
            chances = _softmax(offset[left] + x[left] @ kernel)
            losses[at, left] = _loss(chances, answers[left])
            picks[at, left] = _picks(labels, chances[:, :-1])
    before = _softmax(offset)
    best = int(losses.mean(axis=1).argmin())
    gain = _loss(before, answers) - losses[best]
    was_right = _picks(labels, before[:, :-1]) == answers
    is_right = picks[best] == answers
    explains = gain.sum() > max(LEAST_GAIN_NATS, LEAST_GAIN_ERRORS * gain.std(ddof=1) * math.sqrt(n))
    won = int(is_right.sum()) - int(was_right.sum())
    return (
        PENALTIES[: best + 1] if explains and won > LEAST_WON_ERRORS * math.sqrt((is_right != was_right).sum()) else ()
    )


def _logits(prior: FloatArray) -> Array:
    rest = 1 - prior.sum(axis=1, keepdims=True)
    return np.log(np.maximum(np.hstack([prior, rest]).astype(np.float64), LEAST_CHANCE))


def _features(vectors: FloatArray, offset: Array) -> Array:
    lead = offset[:, :-1] - offset[:, :-1].mean(axis=1, keepdims=True)
    return np.hstack([vectors.astype(np.float64), PRIOR_SHARE * lead])


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances: Array = powers / powers.sum(axis=1, keepdims=True)
    return chances


def _loss(chances: Array, answers: NDArray[np.int64]) -> Array:
    loss: Array = -np.log(np.maximum(chances[np.arange(len(answers)), answers], LEAST_CHANCE))
    return loss


def _picks(labels: Sequence[str], chances: NDArray[np.floating]) -> NDArray[np.int64]:
    scores = chances.copy()
    if GENERAL_LABEL in labels:
        scores[:, labels.index(GENERAL_LABEL)] += 1 - chances.sum(axis=1)
    picks: NDArray[np.int64] = scores.argmax(axis=1)
    return picks
