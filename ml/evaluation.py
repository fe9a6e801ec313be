"""Measures an engine on labelled text: plain arithmetic over verdicts, no scikit-learn."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.descriptions import GENERAL_LABEL
from ml.heads import ELSEWHERE
from ml.sources import Example
from ml.verdict import Engine, TicketText, Verdict

# Two-sided 95 % of the normal distribution.
Z_95 = 1.96
# From this S an alert goes out by default.
ALERT_THRESHOLD = 0.8
# Out-of-scope text should come back as General and no surer than this.
UNSURE_BELOW = 0.5


@dataclass(frozen=True)
class Score:
    """How an engine did on one source. A measure is None where the source has no such label.

    `low`, `high`: 95 % Wilson interval of the accuracy. `alerts_right`: share of texts with S above 0.8 that are high.
    """

    source: str
    texts: int
    category_n: int
    accuracy: float | None
    low: float | None
    high: float | None
    urgency_auroc: float | None
    alerts: int | None
    alerts_right: float | None
    mood_pearson: float | None
    mood_error: float | None
    texts_per_s: float


def measure(engine: Engine, examples: Sequence[Example], source: str) -> Score:
    """Judges `examples` through the engine's own door and compares."""
    texts = [TicketText(body=example.text) for example in examples]
    began = time.monotonic()
    verdicts = engine.judge(texts)
    return compare(examples, verdicts, source, elapsed_s=time.monotonic() - began)


def compare(examples: Sequence[Example], verdicts: Sequence[Verdict], source: str, *, elapsed_s: float) -> Score:
    """Verdicts against labels, in the same order."""
    pairs = list(zip(examples, verdicts, strict=True))
    right = [_right(example.category, verdict) for example, verdict in pairs if example.category is not None]
    urgent = [(v.urgency_score, e.urgent > 0.5) for e, v in pairs if e.urgent is not None]
    moods = [(v.sentiment_score, e.mood) for e, v in pairs if e.mood is not None]
    low, high = interval(sum(right), len(right)) if right else (None, None)
    both_kinds = len({truth for _, truth in urgent}) == 2
    alerts = [truth for score, truth in urgent if score > ALERT_THRESHOLD]
    return Score(
        source=source,
        texts=len(pairs),
        category_n=len(right),
        accuracy=sum(right) / len(right) if right else None,
        low=low,
        high=high,
        urgency_auroc=auroc([s for s, _ in urgent], [t for _, t in urgent]) if both_kinds else None,
        alerts=len(alerts) if urgent else None,
        alerts_right=sum(alerts) / len(alerts) if alerts else None,
        mood_pearson=pearson([s for s, _ in moods], [t for _, t in moods]) if len(moods) > 1 else None,
        mood_error=float(np.mean([abs(s - t) for s, t in moods])) if moods else None,
        texts_per_s=len(pairs) / max(elapsed_s, 1e-9),
    )


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


def pearson(a: Sequence[float], b: Sequence[float]) -> float:
    """Linear correlation; 0 where one side does not vary."""
    if np.std(a) == 0 or np.std(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _right(category: str, verdict: Verdict) -> bool:
    if category == ELSEWHERE:
        return verdict.category == GENERAL_LABEL and verdict.confidence < UNSURE_BELOW
    return verdict.category == category
