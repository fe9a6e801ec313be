"""A deterministic stand-in: instant verdicts that depend on the text alone. For demos, load tests and drills."""

import zlib

import numpy as np

from ml.spec import EngineSpec
from ml.stembag import MIN_CONTENT_WORDS
from ml.summary import summarise
from ml.text import clean, content_stems
from ml.verdict import Fingerprint, TicketText, Verdict

NAME = "stub"
VERSION = "stub-1"

SPACE_DIMS = 64
# Vectors of different texts are random and near right angles; equal texts are equal. Anything between would do.
SPACE_THRESHOLD = 0.9
# Words that make the stand-in say "urgent", so that alerts can be tried without a model.
ALARMS = ("critical", "outage", "urgent", "emergency")
ALARM_URGENCY = 0.95
CALM_URGENCY = 0.2


class StubEngine:
    """A label named in the text, or one drawn by the text's checksum. Same text, same verdict, on every machine."""

    def __init__(self, spec: EngineSpec) -> None:
        self._labels = spec.labels

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return VERSION

    def judge(self, texts: list[TicketText]) -> list[Verdict]:
        """One verdict a text, in order."""
        return [self._judge(text) for text in texts]

    def _judge(self, ticket: TicketText) -> Verdict:
        text = clean(ticket.joined).lower()
        checksum = zlib.crc32(text.encode())
        named = next((label for label in self._labels if label.lower() in text), None)
        alarm = next((word for word in ALARMS if word in text), None)
        return Verdict(
            category=named or self._labels[checksum % len(self._labels)],
            confidence=0.9 if named else 0.5,
            sentiment_score=float(1 + checksum % 10),
            urgency_score=ALARM_URGENCY if alarm else CALM_URGENCY,
            reasons=(f"Says '{alarm}'" if alarm else "Nothing urgent was said", "Judged by the stand-in engine"),
            summary=summarise(ticket),
            engine=NAME,
            model_version=VERSION,
            fingerprint=_fingerprint(text, checksum),
        )


def _fingerprint(text: str, checksum: int) -> Fingerprint | None:
    if len(set(content_stems(text))) < MIN_CONTENT_WORDS:
        return None
    vector = np.random.default_rng(checksum).standard_normal(SPACE_DIMS).astype(np.float32)
    return Fingerprint(f"{NAME}-1", vector / np.linalg.norm(vector), SPACE_THRESHOLD)
