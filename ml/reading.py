"""What the encoder and the signal readers see of a batch: the one input of every trained head, in training and judging."""

from dataclasses import dataclass

import numpy as np

from ml import mood, urgency
from ml.encoder import Encoder
from ml.scores import FloatArray
from ml.text import for_model


@dataclass(frozen=True)
class Reading:
    """Row by row: texts as the encoder got them, its views of them (n, DEPTHS * d), signals found and word features."""

    texts: list[str]
    views: FloatArray
    hits: list[list[urgency.Hit]]
    urgency_features: FloatArray
    mood_features: FloatArray


def read(encoder: Encoder, raw: list[str]) -> Reading:
    """Everything the heads need of raw ticket texts."""
    texts = [for_model(text) for text in raw]
    hits = [urgency.find(text) for text in texts]
    return Reading(
        texts=texts,
        views=encoder.read(texts),
        hits=hits,
        urgency_features=np.array([urgency.features(t, h) for t, h in zip(texts, hits, strict=True)], np.float32),
        mood_features=np.array([mood.read(text).features() for text in texts], np.float32),
    )
