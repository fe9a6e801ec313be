"""How heads do on what they did not learn: own tickets fold by fold, public files one source left out at a time."""

import time

import numpy as np

from ml.encoder import Encoder
from ml.evaluation import Score, compare
from ml.minilm import MiniLmEngine
from ml.sources import Example
from ml.spec import EngineSpec
from ml.training import SOURCE_WEIGHT, TrainingSet, fit_category, folds, train
from ml.verdict import TicketText, Verdict


def cross_validate(data: TrainingSet, encoder: Encoder) -> list[Score]:
    """How heads that did not learn them do on the own tickets. Empty without own tickets."""
    examples: list[Example] = []
    verdicts: list[Verdict] = []
    began = time.monotonic()
    for learn, test in folds(data):
        engine = MiniLmEngine(encoder, train(learn, encoder=encoder.name, temperature=1.0), EngineSpec())
        examples += test.examples
        verdicts += engine.judge([TicketText(body=example.text) for example in test.examples])
    if not examples:
        return []
    return [compare(examples, verdicts, "own, cross-validated", elapsed_s=time.monotonic() - began)]


def leave_one_out(data: TrainingSet) -> dict[str, tuple[int, int]]:
    """Public source -> (right, n) on its categories by a head that never saw that source."""
    results = {}
    for source in SOURCE_WEIGHT:
        if source == "descriptions":
            continue
        out = np.array([example.source == source for example in data.examples])
        classes, kernel, bias = fit_category(data.rows(~out))
        test = data.rows(out & np.array([example.category is not None for example in data.examples]))
        picks = np.argmax(test.reading.views @ kernel + bias, axis=1)
        right = sum(classes[pick] == e.category for pick, e in zip(picks, test.examples, strict=True))
        results[source] = (right, len(test.examples))
    return {source: counted for source, counted in results.items() if counted[1]}
