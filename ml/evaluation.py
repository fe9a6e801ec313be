"""Measures an engine on labelled text, source by source and slice by slice: arithmetic over verdicts, no scikit-learn."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.descriptions import GENERAL_LABEL
from ml.measures import accuracy_of_surest, auroc, calibration_error, cut_at, interval, macro_f1, pearson
from ml.scores import ELSEWHERE
from ml.sources import Example
from ml.verdict import Engine, TicketText, Verdict

# From this S an alert goes out by default.
ALERT_THRESHOLD = 0.8
# Out-of-scope text should come back as General and no surer than this.
UNSURE_BELOW = 0.5
# Where recall is read off: the share of the other tickets that may be called high by mistake.
FALSE_ALARMS = 0.15
# The surest answers that may be left without a person's look.
COVERAGE = 0.8
# Mood below is negative, above the second positive: half way from dry (5) to annoyed (3) and to friendly (7).
NEGATIVE_BELOW, POSITIVE_ABOVE = 4.0, 6.0


@dataclass(frozen=True)
class Score:
    """How an engine did on one source. A measure is None where the source has no such label.

    `low`, `high`: 95 % Wilson interval of the accuracy. `surest`: accuracy of the 80 % surest. `recall_at_15`: share of the high
    ones above the S that 15 % of the others pass. `alerts`: texts with S above 0.8; the share of them that is high, and the
    share of the high ones among them. `mood_way`: negative, neutral or positive rightly told.
    """

    source: str
    texts: int
    category_n: int
    accuracy: float | None
    low: float | None
    high: float | None
    macro_f1: float | None
    calibration_error: float | None
    surest: float | None
    urgency_auroc: float | None
    recall_at_15: float | None
    alerts: int | None
    alerts_right: float | None
    alerts_found: float | None
    mood_pearson: float | None
    mood_error: float | None
    mood_way: float | None
    texts_per_s: float


def measure(engine: Engine, examples: Sequence[Example], source: str) -> Score:
    """Judges `examples` through the engine's own door and compares."""
    verdicts, elapsed_s = judge(engine, examples)
    return compare(examples, verdicts, source, elapsed_s=elapsed_s)


def judge(engine: Engine, examples: Sequence[Example]) -> tuple[list[Verdict], float]:
    """Verdicts in order, and the seconds they took."""
    texts = [TicketText(body=example.text) for example in examples]
    began = time.monotonic()
    verdicts = engine.judge(texts)
    return verdicts, time.monotonic() - began


def compare(examples: Sequence[Example], verdicts: Sequence[Verdict], source: str, *, elapsed_s: float) -> Score:
    """Verdicts against labels, in the same order."""
    pairs = list(zip(examples, verdicts, strict=True))
    labelled = [(e.category, v) for e, v in pairs if e.category is not None]
    right = [is_right(category, verdict) for category, verdict in labelled]
    sure = [verdict.confidence for _, verdict in labelled]
    one_label = len({category for category, _ in labelled}) < 2
    low, high = interval(sum(right), len(right)) if right else (None, None)
    scores = [v.urgency_score for e, v in pairs if e.urgent is not None]
    truth = [e.urgent > 0.5 for e, _ in pairs if e.urgent is not None]
    both_kinds = len(set(truth)) == 2
    alerts = [true for score, true in zip(scores, truth, strict=True) if score > ALERT_THRESHOLD]
    moods = [(v.sentiment_score, e.mood) for e, v in pairs if e.mood is not None]
    return Score(
        source=source,
        texts=len(pairs),
        category_n=len(right),
        accuracy=sum(right) / len(right) if right else None,
        low=low,
        high=high,
        macro_f1=None if one_label else macro_f1([c for c, _ in labelled], [v.category for _, v in labelled]),
        calibration_error=None if one_label else calibration_error(sure, right),
        surest=None if one_label else accuracy_of_surest(sure, right, COVERAGE),
        urgency_auroc=auroc(scores, truth) if both_kinds else None,
        recall_at_15=_recall(scores, truth) if both_kinds else None,
        alerts=len(alerts) if truth else None,
        alerts_right=sum(alerts) / len(alerts) if alerts else None,
        alerts_found=sum(alerts) / sum(truth) if both_kinds else None,
        mood_pearson=pearson([s for s, _ in moods], [t for _, t in moods]) if len(moods) > 1 else None,
        mood_error=float(np.mean([abs(s - t) for s, t in moods])) if moods else None,
        mood_way=float(np.mean([way(s) == way(t) for s, t in moods])) if moods else None,
        texts_per_s=len(pairs) / max(elapsed_s, 1e-9),
    )


def is_right(category: str, verdict: Verdict) -> bool:
    """Whether a verdict has the category; what belongs elsewhere must come back as an unsure General."""
    if category == ELSEWHERE:
        return verdict.category == GENERAL_LABEL and verdict.confidence < UNSURE_BELOW
    return verdict.category == category


def way(mood: float) -> int:
    """-1, 0 or 1: a negative, neutral or positive mood (1..10)."""
    return (mood > POSITIVE_ABOVE) - (mood < NEGATIVE_BELOW)


def _recall(scores: Sequence[float], truth: Sequence[bool]) -> float:
    cut = cut_at(scores, truth, FALSE_ALARMS)
    return sum(score > cut for score, true in zip(scores, truth, strict=True) if true) / sum(truth)
