"""Models by name or folder through the transformers pipelines: zero-shot NLI for category, text classification for mood.

Urgency and fingerprint come from the MiniLM engine where its model is there, from the keyword engine otherwise.
"""

import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ml.loading import load_model
from ml.spec import EngineSpec, EngineUnavailable
from ml.text import MAX_TOKENS, for_model
from ml.verdict import Engine, Evidence, TicketText, Verdict

logger = logging.getLogger(__name__)

NAME = "nli"
# What the entailment model is asked; the wording the public NLI models are used with, in our words' terms.
HYPOTHESIS = "This support ticket is about {}."
# Above 8 texts a batch buys no speed on a CPU.
BATCH_TEXTS = 8
# RoBERTa-like models number positions from 2.
RESERVED_POSITIONS = 2

# Mood a class stands for, by the names in use: 1 furious, 5 neutral, 10 delighted.
_MOOD_WORDS = {
    "very negative": 1.0,
    "negative": 2.0,
    "neg": 2.0,
    "neutral": 5.0,
    "neu": 5.0,
    "mixed": 5.0,
    "positive": 8.5,
    "pos": 8.5,
    "very positive": 10.0,
    "anger": 1.0,
    "disgust": 1.5,
    "sadness": 2.5,
    "fear": 3.0,
    "surprise": 5.5,
    "joy": 9.0,
    "love": 9.5,
}
_STARS = re.compile(r"^([1-5]) ?stars?$")
_NUMBERED = re.compile(r"^label_(\d+)$")
_LOWEST, _HIGHEST = 1.0, 10.0


def mood_of(label: str, classes: int) -> float:
    """The mood (1..10) a sentiment model's class stands for, among `classes` of them; ValueError for an unknown name.

    Numbered labels (LABEL_0 ..) are taken as running from worst to best, as models without names do.
    """
    name = label.strip().lower().replace("_", " ") if not _NUMBERED.match(label.lower()) else label.lower()
    if name in _MOOD_WORDS:
        # With two classes nothing says "neutral": the ends stand for themselves.
        return (
            {2.0: _LOWEST, 8.5: _HIGHEST}.get(_MOOD_WORDS[name], _MOOD_WORDS[name])
            if classes == 2
            else _MOOD_WORDS[name]
        )
    if stars := _STARS.match(name):
        return _LOWEST + (int(stars.group(1)) - 1) * (_HIGHEST - _LOWEST) / 4
    if numbered := _NUMBERED.match(name):
        step = (_HIGHEST - _LOWEST) / max(1, classes - 1)
        return min(_HIGHEST, _LOWEST + int(numbered.group(1)) * step)
    raise ValueError(f"{label!r} is no sentiment we know")


class SentimentPipeline:
    """Mood from any text-classification model whose classes are named after moods, stars or numbers."""

    def __init__(self, model: str, *, threads: int) -> None:
        """Loads and warms up; EngineUnavailable where the model cannot be loaded or its classes mean nothing to us."""
        self._pipeline = _load("text-classification", model, setting="SENTIMENT_MODEL", threads=threads)
        names = list(self._pipeline.model.config.id2label.values())
        try:
            self._moods = {name: mood_of(name, len(names)) for name in names}
        except ValueError as error:
            raise EngineUnavailable(
                f"SENTIMENT_MODEL {model!r} is no sentiment model ({error}): its classes must be negative/neutral/"
                "positive, 1 to 5 stars, or LABEL_0 .. from worst to best."
            ) from error
        self.scores(["warm up"])

    def scores(self, texts: list[str]) -> list[float]:
        """Expected mood of each cleaned text, 1..10."""
        if not texts:
            return []
        answers = self._pipeline(texts, top_k=None, truncation=True, batch_size=BATCH_TEXTS)
        return [sum(self._moods[each["label"]] * each["score"] for each in answer) for answer in answers]


class ZeroShotPipeline:
    """Category from any natural-language-inference model."""

    def __init__(self, model: str, spec: EngineSpec) -> None:
        """Loads and warms up; EngineUnavailable where that fails or the model has no entailment class."""
        self._labels = list(spec.labels)
        self._pipeline = _load("zero-shot-classification", model, setting="ZERO_SHOT_MODEL", threads=spec.threads)
        if self._pipeline.entailment_id == -1:
            raise EngineUnavailable(
                f"ZERO_SHOT_MODEL {model!r} has no entailment class: choose a model trained on natural-language inference."
            )
        self.chances(["warm up"])

    def chances(self, texts: list[str]) -> list[dict[str, float]]:
        """Label -> probability for each cleaned text; each adds up to one."""
        answers = self._pipeline(
            texts, self._labels, hypothesis_template=HYPOTHESIS, multi_label=False, batch_size=BATCH_TEXTS
        )
        answers = answers if isinstance(answers, list) else [answers]
        return [dict(zip(answer["labels"], answer["scores"], strict=True)) for answer in answers]


class PipelineEngine:
    """An NLI model for the category; mood, urgency and fingerprint from the models beside it."""

    def __init__(self, zero_shot: ZeroShotPipeline, beside: Engine, model: str, spec: EngineSpec) -> None:
        """`beside` judges everything but the category (and the mood, where a sentiment model is part of it)."""
        self._zero_shot = zero_shot
        self._beside = beside
        self._model = model
        self._space = spec.space(self.version)
        self._labels = spec.labels

    @classmethod
    def load(cls, spec: EngineSpec) -> "PipelineEngine":
        """The engine of a spec, loaded and warm (seconds to minutes). Raises EngineUnavailable."""
        if not spec.zero_shot_model:
            raise EngineUnavailable("ENGINE=nli needs ZERO_SHOT_MODEL: a local folder or a hub name of an NLI model.")
        zero_shot = ZeroShotPipeline(spec.zero_shot_model, spec)
        return cls(zero_shot, _beside(spec), Path(spec.zero_shot_model).name, spec)

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return f"{self._model}/{self._beside.version}"

    def judge(self, texts: list[TicketText]) -> list[Verdict]:
        """One verdict a text, in order."""
        if not texts:
            return []
        # A pipeline refuses an empty string; a blank ticket is judged as a dash.
        cleaned = [for_model(text.joined) or "-" for text in texts]
        judged = zip(self._beside.judge(texts), self._zero_shot.chances(cleaned), strict=True)
        return [self._verdict(beside, chances) for beside, chances in judged]

    def _verdict(self, beside: Verdict, chances: dict[str, float]) -> Verdict:
        category = max(chances, key=lambda label: chances[label])
        evidence = beside.evidence
        if evidence is not None:  # the sentence vector is MiniLM's, the chances are ours
            ours = np.array([chances[label] for label in self._labels], np.float32)
            evidence = Evidence(self._space, self._labels, ours, evidence.vector)
        return replace(
            beside,
            category=category,
            confidence=float(chances[category]),
            reasons=(*beside.reasons[:-1], f"The language model reads it as {category}"),
            engine=NAME,
            model_version=self.version,
            evidence=evidence,
        )


class _KeywordsWithSentiment:
    """The keyword engine with a sentiment model's mood: what stands beside where MiniLM is not installed."""

    def __init__(self, keywords: Engine, sentiment: SentimentPipeline) -> None:
        self._keywords = keywords
        self._sentiment = sentiment

    @property
    def name(self) -> str:
        return self._keywords.name

    @property
    def version(self) -> str:
        return self._keywords.version

    def judge(self, texts: list[TicketText]) -> list[Verdict]:
        moods = self._sentiment.scores([for_model(text.joined) or "-" for text in texts])
        judged = zip(self._keywords.judge(texts), moods, strict=True)
        return [replace(verdict, sentiment_score=round(mood, 2)) for verdict, mood in judged]


def _beside(spec: EngineSpec) -> Engine:
    from ml.minilm import MiniLmEngine

    try:
        return MiniLmEngine.load(spec)
    except EngineUnavailable as reason:
        if spec.sentiment_model:
            sentiment = SentimentPipeline(spec.sentiment_model, threads=spec.threads)  # its own failure is the user's
        logger.warning("urgency and duplicates by keywords beside the zero-shot model: %s", reason)
    from ml.keywords import KeywordEngine

    keywords = KeywordEngine(spec)
    return _KeywordsWithSentiment(keywords, sentiment) if spec.sentiment_model else keywords


def _load(task: str, model: str, *, setting: str, threads: int) -> Any:
    """A transformers pipeline; a local folder never touches the network. EngineUnavailable where it cannot be loaded."""

    def load(local: bool) -> Any:
        from transformers import pipeline

        make: Any = pipeline  # its overloads name every task but a variable one
        return make(task, model=model, device="cpu", local_files_only=local)

    loaded = load_model(setting, model, load, threads=threads)
    # Many saved tokenizers state no limit; longer input then breaks the position table instead of being cut.
    positions = getattr(loaded.model.config, "max_position_embeddings", MAX_TOKENS) - RESERVED_POSITIONS
    loaded.tokenizer.model_max_length = min(loaded.tokenizer.model_max_length, positions, MAX_TOKENS)
    return loaded
