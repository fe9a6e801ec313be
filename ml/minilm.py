"""The default engine: one MiniLM embedding a ticket serves category, urgency, mood and fingerprint."""

from typing import Protocol

from ml import urgency
from ml.descriptions import DEFAULT_CATEGORIES
from ml.encoder import Encoder
from ml.floodhead import FloodHead
from ml.lessons import likeliest
from ml.reading import Reading, read
from ml.scores import FloatArray
from ml.spec import EngineSpec, EngineUnavailable
from ml.summary import summarise
from ml.text import content_stems, words
from ml.trained import Chances, Trained, weights_folder
from ml.verdict import Evidence, Fingerprint, TicketText, Verdict
from ml.zeroshot import ZeroShot

NAME = "minilm"

# For an encoder that has no flood head. Best F1 on a support forum's duplicates is at .71, but same-template tickets about different
# things reach .90. An incident folds tickets away from sight, so a wrong member costs more than a missed one.
PLAIN_THRESHOLD = 0.82
# "Server outage broken login" must group; "Help me" must not.
MIN_CONTENT_WORDS = 3


class Sentiment(Protocol):
    """Another model's mood reading, in place of the head's."""

    def scores(self, texts: list[str]) -> list[float]: ...


class MiniLmEngine:
    """Judges by embedding. Deterministic on one machine; not safe for several threads at once."""

    def __init__(
        self,
        encoder: Encoder,
        trained: Trained,
        spec: EngineSpec,
        sentiment: Sentiment | None = None,
        floods: FloodHead | None = None,
    ) -> None:
        """Raises EngineUnavailable where the heads were trained on another embedding. `floods` None: plain fingerprints."""
        heads = trained.heads
        if heads.encoder != encoder.name:
            raise EngineUnavailable(
                f"The trained heads belong to {heads.encoder}, not to {encoder.name}: leave EMBEDDING_MODEL empty, or train heads "
                "again with `python -m scripts.train --data DIR` (`--embedding-model` for another encoder)."
            )
        self._encoder = encoder
        self._learned = trained
        self._labels = spec.labels
        self._zero_shot = ZeroShot(encoder, spec)
        self._sentiment = sentiment
        self._floods = floods if floods is not None and floods.encoder == encoder.name else None
        described_as_ours = all(spec.lines(label) == DEFAULT_CATEGORIES.get(label) for label in spec.labels)
        self._trained = described_as_ours and trained.blend.serves(spec.labels)
        # Zero-shot chances do not depend on the heads: what was learned on them outlives new heads.
        self._space = spec.space(self.version if self._trained else f"{encoder.name}+zero-shot")

    @classmethod
    def load(cls, spec: EngineSpec) -> "MiniLmEngine":
        """The engine of a spec, loaded and warm (seconds). Raises EngineUnavailable."""
        sentiment = None
        if spec.sentiment_model:
            from ml.pipelines import SentimentPipeline

            sentiment = SentimentPipeline(spec.sentiment_model, threads=spec.threads)
        encoder = Encoder.load(spec.embedding_model, threads=spec.threads)
        engine = cls(encoder, _trained(spec.embedding_model), spec, sentiment, FloodHead.read())
        engine.judge([TicketText(subject="Warm up", body="The first pass is the slowest one.")])
        return engine

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return f"{self._encoder.name}+heads-{self._learned.version}"

    def judge(self, texts: list[TicketText]) -> list[Verdict]:
        """One verdict a text, in order."""
        if not texts:
            return []
        seen = read(self._encoder, [text.joined for text in texts])
        asked = self._learned.ask(seen, self._labels if self._trained else ())
        chances = asked.category if self._trained else self._zero_shot.categories(seen.views[:, : self._encoder.dims])
        moods = self._sentiment.scores(seen.texts) if self._sentiment is not None else asked.mood.tolist()
        return [self._verdict(text, seen, i, chances[i], asked, moods[i]) for i, text in enumerate(texts)]

    def _verdict(
        self, ticket: TicketText, seen: Reading, i: int, chances: FloatArray, asked: Chances, mood_score: float
    ) -> Verdict:
        score = float(asked.urgency[i])
        category = likeliest(self._labels, chances)
        confidence = float(chances[self._labels.index(category)])
        legible = bool(words(seen.texts[i]))
        if not legible:  # blank, emoji or dots alone: the encoder answers, yet there was nothing to read
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
            fingerprint=self._fingerprint(seen.texts[i], seen.views[i]),
            pressing=float(asked.pressing[i]),
            evidence=Evidence(self._space, self._labels, chances, vector) if legible else None,
        )

    def _fingerprint(self, text: str, views: FloatArray) -> Fingerprint | None:
        content_words = len(set(content_stems(text)))
        if content_words < MIN_CONTENT_WORDS:
            return None
        if self._floods is not None:
            return self._floods.fingerprint(views, content_words)
        return Fingerprint(self._encoder.name, views[: self._encoder.dims], PLAIN_THRESHOLD)


def _trained(embedding_model: str | None) -> Trained:
    folder = weights_folder(embedding_model)
    if not folder.is_dir():
        raise EngineUnavailable(
            f"There are no heads for EMBEDDING_MODEL {embedding_model}: leave it empty, or train them with "
            f"`python -m scripts.train --data DIR --embedding-model {embedding_model}`."
        )
    return Trained.read(folder)
