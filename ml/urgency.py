"""Urgency from words alone: what is broken, for how many, by when, and what calms it. Pure, no model.

S is the chance that somebody must act within minutes (high). The keyword engine uses `rule_score`; the MiniLM engine
feeds `features` to a trained head beside the embedding. `reasons` quotes the words that spoke loudest.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.signals import SIGNALS, Signal

# A third hit of the same kind says nothing new.
MAX_HITS = 2
# Log-odds of "high" for a text with no signal at all: about one in twenty.
RULE_BIAS = -2.9
# How much of a quote an agent needs to recognise it.
QUOTE_CHARS = 40
# Two reasons explain a score; more are not read.
MAX_REASONS = 2

_NEGATION = re.compile(
    r"\b(?:not|no|never|without|nor|none|isn't|wasn't|aren't|didn't|doesn't|don't|hasn't|won't|free of|avoid|prevent)"
    r"\s+(?:(?:a|an|any|the|is|was|really|exactly|been|that|so|very|yet|currently)\s+){0,3}$",
    re.IGNORECASE,
)
# "For urgent matters call ..." stands in footers; it says nothing about this ticket.
_BOILERPLATE = re.compile(
    r"(?:if (?:this is |it is |it's |your (?:request|matter) is )?"
    r"(?:\w+ )?(?:urgent|an emergency|critical)[^.\n]{0,120}"
    r"|(?:for|in) (?:\w+ )?(?:urgent|emergency|emergencies|critical)(?: \w+)?,? (?:please )?(?:call|contact|matters|"
    r"enquiries|inquiries|issues|requests|cases|dial|ring|support)[^.\n]{0,120}"
    r"|urgent\?[^.\n]{0,120}|urgent care|non[- ]critical)",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]")

EXTRA_FEATURES = ("capitals", "exclamations", "question", "length")
FEATURE_NAMES: tuple[str, ...] = (*(signal.name for signal in SIGNALS), *EXTRA_FEATURES)


@dataclass(frozen=True, slots=True)
class Hit:
    """A signal found in a text, with the words that matched, each once."""

    signal: Signal
    quotes: tuple[str, ...]

    @property
    def strength(self) -> float:
        """1 for one wording, half as much again for a second."""
        return 1.0 + 0.5 * (min(len(self.quotes), MAX_HITS) - 1)


def find(text: str) -> list[Hit]:
    """The signals in `text` (already cleaned, own words), in the order of SIGNALS."""
    text = _BOILERPLATE.sub(" ", text.replace("’", "'"))
    calm = _spans(text, [signal for signal in SIGNALS if signal.calming and signal.name in ("no_rush", "settled")])
    hits = []
    for signal in SIGNALS:
        quotes: dict[str, None] = {}
        for match in signal.pattern.finditer(text):
            if not signal.calming and (_negated(text, match.start()) or _inside(match.span(), calm)):
                continue
            quotes.setdefault(" ".join(match.group().lower().split()))
        if quotes:
            hits.append(Hit(signal, tuple(quotes)))
    return hits


def features(text: str, hits: Sequence[Hit]) -> NDArray[np.float32]:
    """Signal strengths and a few habits of writing, float32, each about 0..2, shape (len(FEATURE_NAMES),)."""
    strength = {hit.signal.name: hit.strength for hit in hits}
    letters = _LETTERS.findall(text)
    capitals = sum(letter.isupper() for letter in letters) / len(letters) if len(letters) > 5 else 0.0
    extra = (
        capitals,
        min(text.count("!"), 3) / 3,
        float("?" in text),
        math.log1p(min(len(text), 1500)) / 8,
    )
    return np.array([*(strength.get(signal.name, 0.0) for signal in SIGNALS), *extra], dtype=np.float32)


def rule_score(hits: Sequence[Hit]) -> float:
    """S from the hand-set weights of SIGNALS alone, 0..1."""
    log_odds = RULE_BIAS + sum(hit.signal.weight * hit.strength for hit in hits)
    return sigmoid(log_odds)


def reasons(hits: Sequence[Hit], urgency: float) -> tuple[str, ...]:
    """Up to two sentences for the loudest signals that agree with S, loudest first."""
    calm = urgency < 0.5
    ranked = sorted(hits, key=lambda hit: (hit.signal.calming is not calm, -abs(hit.signal.weight) * hit.strength))
    return tuple(f"{hit.signal.reason} ('{hit.quotes[0][:QUOTE_CHARS]}')" for hit in ranked[:MAX_REASONS])


def sigmoid(x: float) -> float:
    """The logistic function, safe for any finite float."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else 1 - 1 / (1 + math.exp(x))


def _negated(text: str, start: int) -> bool:
    return _NEGATION.search(text[max(0, start - 40) : start]) is not None


def _spans(text: str, signals: Sequence[Signal]) -> list[tuple[int, int]]:
    return [match.span() for signal in signals for match in signal.pattern.finditer(text)]


def _inside(span: tuple[int, int], others: Sequence[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)
