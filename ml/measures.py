"""Statistics of how an engine did: plain arithmetic, each named and defined once."""

import math
from collections.abc import Sequence

import numpy as np

# Two-sided 95 % of the normal distribution.
Z_95 = 1.96
# Confidence is compared with accuracy in this many equal steps, the usual number since Guo et al. 2017.
CALIBRATION_STEPS = 10


def interval(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of n > 0."""
    share = hits / n
    centre = share + Z_95**2 / (2 * n)
    half = Z_95 * math.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n * n))
    scale = 1 + Z_95**2 / n
    # Rounding must not push a bound past the share itself at 0 and 1.
    return max(0.0, min(share, (centre - half) / scale)), min(1.0, max(share, (centre + half) / scale))


def auroc(scores: Sequence[float], truth: Sequence[bool]) -> float:
    """The chance that a true one scores above a false one, ties counting half; needs both kinds."""
    positive = np.array([score for score, true in zip(scores, truth, strict=True) if true])
    negative = np.array([score for score, true in zip(scores, truth, strict=True) if not true])
    above = (positive[:, None] > negative[None, :]).mean() + 0.5 * (positive[:, None] == negative[None, :]).mean()
    return float(above)


def cut_at(scores: Sequence[float], truth: Sequence[bool], false_alarms: float) -> float:
    """The score above which lie at most that share (0..1) of the false ones; needs a false one."""
    negative = np.sort([score for score, true in zip(scores, truth, strict=True) if not true])[::-1]
    return float(negative[min(len(negative) - 1, int(false_alarms * len(negative)))])


def pearson(a: Sequence[float], b: Sequence[float]) -> float:
    """Linear correlation; 0 where one side does not vary."""
    if np.std(a) == 0 or np.std(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def macro_f1(truth: Sequence[str], said: Sequence[str]) -> float:
    """The mean over the true labels of the harmonic mean of precision and recall."""
    scores = []
    for label in set(truth):
        both = sum(t == label == s for t, s in zip(truth, said, strict=True))
        scores.append(2 * both / (truth.count(label) + said.count(label)))
    return float(np.mean(scores))


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error: the mean gap between confidence and accuracy over CALIBRATION_STEPS bins, by their size."""
    sure, hit = np.array(confidences), np.array(right)
    bins = np.minimum((sure * CALIBRATION_STEPS).astype(int), CALIBRATION_STEPS - 1)
    gaps = [abs(sure[bins == i].mean() - hit[bins == i].mean()) * (bins == i).sum() for i in set(bins.tolist())]
    return float(sum(gaps) / len(sure))


def accuracy_of_surest(confidences: Sequence[float], right: Sequence[bool], share: float) -> float:
    """Accuracy over the `share` (0..1] of answers with the highest confidence."""
    order = np.argsort(-np.array(confidences), kind="stable")[: max(1, round(share * len(confidences)))]
    return float(np.array(right)[order].mean())
