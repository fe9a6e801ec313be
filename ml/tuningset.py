"""What the encoder's upper layers are tuned on: own-written floods by cause, and everyday tickets that belong to none."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.everyday import everyday
from ml.floodtraining import FLOODS_DEV, FloodText, read_floods
from ml.sources import Example
from ml.text import for_model


@dataclass(frozen=True)
class Cause:
    """Reports of one cause, and near-misses, as the encoder gets them."""

    members: Sequence[str]
    near_misses: Sequence[str]


def causes(paths: Sequence[Path] = FLOODS_DEV) -> list[Cause]:
    """Of files of floods, in their order. Raises DataMissing or ValueError as `read_floods` does."""
    texts = [text for path in paths for text in read_floods(path)]
    return [_cause([text for text in texts if text.flood == name]) for name in dict.fromkeys(t.flood for t in texts)]


def _cause(texts: Sequence[FloodText]) -> Cause:
    said = [(for_model(text.text), text.member) for text in texts]
    return Cause([text for text, member in said if member], [text for text, member in said if not member])


def everyday_texts(examples: Sequence[Example]) -> list[str]:
    """Of what the heads learn from."""
    return [for_model(examples[row].text) for row in everyday([example.source for example in examples])]
