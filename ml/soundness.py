"""Is what an engine returned a verdict for every text, in range? Pure; quotes no customer."""

import math
from collections.abc import Collection, Sequence

import numpy as np

from ml.verdict import Evidence, Fingerprint, Verdict

# A verdict's summary and reasons are stored with the ticket; more than this is a model gone wild, not a line.
MAX_LINE_CHARS = 2_000


def flaw(verdicts: Sequence[object], expected: int, labels: Collection[str]) -> str | None:
    """What is wrong with an answer, as a clause such as "the model gave 3 verdicts for 4 texts"; None: nothing is."""
    if not isinstance(verdicts, (list, tuple)):
        return "the model's answer is no list of verdicts"
    if len(verdicts) != expected:
        return f"the model gave {len(verdicts)} verdicts for {expected} texts"
    return next((found for verdict in verdicts if (found := _flaw_of(verdict, labels))), None)


def _flaw_of(verdict: object, labels: Collection[str]) -> str | None:
    if not isinstance(verdict, Verdict):
        return "the model's answer is no list of verdicts"
    if verdict.category not in labels:
        return "the model named a category outside the label set"
    for name, value, low, high in (
        ("confidence", verdict.confidence, 0.0, 1.0),
        ("sentiment score", verdict.sentiment_score, 1.0, 10.0),
        ("urgency score", verdict.urgency_score, 0.0, 1.0),
    ):
        if not _is_number(value) or not low <= value <= high:
            return f"the model gave a {name} outside {low:g} to {high:g}"
    lines = (verdict.summary, verdict.engine, verdict.model_version, *verdict.reasons)
    if not all(isinstance(line, str) and len(line) <= MAX_LINE_CHARS for line in lines):
        return "the model's summary or reasons are no lines of text"
    if verdict.fingerprint is not None and not _is_sound(verdict.fingerprint):
        return "the model gave a fingerprint that is no finite vector"
    if verdict.evidence is not None and not _is_evidence(verdict.evidence, labels):
        return "the model gave evidence that is no chances and no vector"
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.floating)) and math.isfinite(value)


def _is_sound(fingerprint: object) -> bool:
    if not isinstance(fingerprint, Fingerprint):
        return False
    vector = fingerprint.vector
    return isinstance(vector, np.ndarray) and vector.ndim == 1 and vector.size > 0 and bool(np.isfinite(vector).all())


def _is_evidence(evidence: object, labels: Collection[str]) -> bool:
    if not isinstance(evidence, Evidence) or set(evidence.labels) != set(labels):
        return False
    chances, vector = evidence.chances, evidence.vector
    if not all(isinstance(array, np.ndarray) and array.ndim == 1 for array in (chances, vector)):
        return False
    return len(chances) == len(evidence.labels) and bool(np.isfinite(chances).all() and np.isfinite(vector).all())
