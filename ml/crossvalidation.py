"""Scores of heads on what they did not learn: own tickets fold by fold, public files one source left out at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import KFold  # type: ignore[import-untyped]

from ml.scores import Scores
from ml.sources import Example
from ml.training import SEED, SOURCE_WEIGHT, TrainingSet, fit_category, train
from ml.wordtraining import train_words

FOLDS = 5


@dataclass(frozen=True)
class OutOfFold:
    """Own tickets with the scores of heads that never learned them: `seen` by the embedding, `said` by the words."""

    examples: Sequence[Example]
    classes: tuple[str, ...]
    seen: Scores
    said: Scores


def is_own(example: Example) -> bool:
    """Whether an example is ours: labelled by the guide, and what cross-validation is measured on."""
    return example.source.startswith("own ")


def folds(data: TrainingSet) -> list[tuple[TrainingSet, TrainingSet]]:
    """(learn, test) pairs: each own ticket is tested once, everything that is not ours is always learned."""
    own = np.flatnonzero([is_own(example) for example in data.examples])
    if len(own) < FOLDS:
        return []
    pairs = []
    for _, tested in KFold(FOLDS, shuffle=True, random_state=SEED).split(own):
        test = np.zeros(len(data.examples), dtype=bool)
        test[own[tested]] = True
        pairs.append((data.rows(~test), data.rows(test)))
    return pairs


def cross_validate(data: TrainingSet, encoder: str) -> OutOfFold | None:
    """How heads that did not learn them score the own tickets. None without own tickets."""
    examples: list[Example] = []
    seen: list[Scores] = []
    said: list[Scores] = []
    classes: tuple[str, ...] = ()
    for learn, test in folds(data):
        heads, words = train(learn, encoder=encoder), train_words(learn)
        classes = heads.classes
        reading = test.reading
        examples += test.examples
        seen.append(heads.score(reading.views, reading.urgency_features, reading.mood_features))
        said.append(words.score(reading.texts, reading.urgency_features, reading.mood_features))
    return OutOfFold(examples, classes, Scores.stack(seen), Scores.stack(said)) if examples else None


def leave_one_out(data: TrainingSet) -> dict[str, tuple[int, int]]:
    """Public source -> (right, n) on its categories by a head on the embedding that never saw that source."""
    results = {}
    for source in dict.fromkeys(name.split()[0] for name in SOURCE_WEIGHT):
        if source == "descriptions":
            continue
        out = np.array([example.source == source for example in data.examples])
        classes, kernel, bias = fit_category(data.rows(~out))
        test = data.rows(out & np.array([example.category is not None for example in data.examples]))
        picks = np.argmax(test.reading.views @ kernel + bias, axis=1)
        right = sum(classes[pick] == e.category for pick, e in zip(picks, test.examples, strict=True))
        results[source] = (right, len(test.examples))
    return {source: counted for source, counted in results.items() if counted[1]}
