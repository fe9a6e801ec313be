"""The default engine: one MiniLM embedding a ticket serves category, urgency, mood and fingerprint."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ml import mood, urgency
from ml.descriptions import DEFAULT_CATEGORIES, GENERAL_LABEL
from ml.encoder import DEPTHS, Encoder
from ml.heads import FloatArray, Heads
from ml.spec import EngineSpec, EngineUnavailable
from ml.summary import summarise
from ml.text import content_stems, for_model, words
from ml.verdict import Fingerprint, TicketText, Verdict
from ml.zeroshot import ZeroShot

NAME = "minilm"

# Best F1 on a support forum's duplicates is at .71, but same-template tickets about different things reach .90. An incident
# folds tickets away from sight, so a wrong member costs more than a missed one: chosen for precision.
SPACE_THRESHOLD = 0.82
# "Server outage broken login" must group; "Help me" must not.
MIN_CONTENT_WORDS = 3


# S says high or not; medium and low both lie near nought. This cut tells the two apart on .66 of the own tickets that are not
# high and were learned from, and on .74 of the held-out ones.
MEDIUM_FROM = 0.02


@dataclass(frozen=True)
class Reading:
    """What the encoder sees of a batch, row by row: texts, its views of them (n, DEPTHS * d) and word features."""

    texts: list[str]
    views: FloatArray
    hits: list[list[urgency.Hit]]
    urgency_features: FloatArray
    mood_features: FloatArray


def read(encoder: Encoder, raw: list[str]) -> Reading:
    """Everything the heads need of raw ticket texts, training and judging alike."""
    texts = [for_model(text) for text in raw]
    hits = [urgency.find(text) for text in texts]
    return Reading(
        texts=texts,
        views=encoder.read(texts),
        hits=hits,
        urgency_features=np.array([urgency.features(t, h) for t, h in zip(texts, hits, strict=True)], np.float32),
        mood_features=np.array([mood.read(text).features() for text in texts], np.float32),
    )


class Sentiment(Protocol):
    """Another model's mood reading, in place of the head's."""

    def scores(self, texts: list[str]) -> list[float]: ...


class MiniLmEngine:
    """Judges by embedding. Deterministic on one machine; not safe for several threads at once."""

    def __init__(self, encoder: Encoder, heads: Heads, spec: EngineSpec, sentiment: Sentiment | None = None) -> None:
        """Raises EngineUnavailable where the heads were trained on another embedding."""
        if heads.category_weights.shape[0] != DEPTHS * encoder.dims:
            raise EngineUnavailable(
                f"The trained heads belong to {heads.encoder}, not to {encoder.name}: leave EMBEDDING_MODEL empty, or train "
                "heads for it with `python -m scripts.train --data DIR`."
            )
        self._encoder = encoder
        self._heads = heads
        self._labels = spec.labels
        self._zero_shot = ZeroShot(encoder, spec)
        self._sentiment = sentiment
        described_as_ours = all(spec.lines(label) == DEFAULT_CATEGORIES.get(label) for label in spec.labels)
        self._trained = described_as_ours and heads.serves(spec.labels)

    @classmethod
    def load(cls, spec: EngineSpec) -> "MiniLmEngine":
        """The engine of a spec, loaded and warm (seconds). Raises EngineUnavailable."""
        sentiment = None
        if spec.sentiment_model:
            from ml.pipelines import SentimentPipeline

            sentiment = SentimentPipeline(spec.sentiment_model, threads=spec.threads)
        heads = Heads.read()
        engine = cls(Encoder.load(spec.embedding_model, threads=spec.threads), heads, spec, sentiment)
        engine.judge([TicketText(subject="Warm up", body="The first pass is the slowest one.")])
        return engine

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return f"{self._encoder.name}+heads-{self._heads.version}"

    def judge(self, texts: list[TicketText]) -> list[Verdict]:
        """One verdict a text, in order."""
        if not texts:
            return []
        seen = read(self._encoder, [text.joined for text in texts])
        if self._trained:
            chances = self._heads.categories(seen.views, self._labels)
        else:
            chances = self._zero_shot.categories(seen.views[:, : self._encoder.dims])
        scores = self._heads.urgency(seen.views, seen.urgency_features)
        if self._sentiment is not None:
            moods = self._sentiment.scores(seen.texts)
        else:
            moods = self._heads.sentiment(seen.views, seen.mood_features).tolist()
        return [self._verdict(text, seen, i, chances[i], float(scores[i]), moods[i]) for i, text in enumerate(texts)]

    def _verdict(
        self, ticket: TicketText, seen: Reading, i: int, chances: FloatArray, score: float, mood_score: float
    ) -> Verdict:
        category = self._pick(chances)
        confidence = float(chances[self._labels.index(category)])
        if not words(seen.texts[i]):  # blank, emoji or dots alone: the encoder answers, yet there was nothing to read
            confidence = min(confidence, 1 / len(self._labels))
        vector = seen.views[i, : self._encoder.dims]
        line = self._zero_shot.nearest_line(vector, category)
        return Verdict(
            category=category,
            confidence=confidence,
            sentiment_score=round(mood_score, 2),
            urgency_score=score,
            reasons=(*urgency.reasons(seen.hits[i], score), f"Reads like {category}: '{line}'"),
            summary=summarise(ticket),
            engine=NAME,
            model_version=self.version,
            fingerprint=self._fingerprint(seen.texts[i], vector),
            medium_from=MEDIUM_FROM,
        )

    def _pick(self, chances: FloatArray) -> str:
        """The likeliest label; General, where there is one, takes what belongs elsewhere too."""
        scores = chances.copy()
        if GENERAL_LABEL in self._labels:
            scores[self._labels.index(GENERAL_LABEL)] += 1 - chances.sum()
        return self._labels[int(np.argmax(scores))]

    def _fingerprint(self, text: str, vector: FloatArray) -> Fingerprint | None:
        if len(set(content_stems(text))) < MIN_CONTENT_WORDS:
            return None
        return Fingerprint(self._encoder.name, vector, SPACE_THRESHOLD)
