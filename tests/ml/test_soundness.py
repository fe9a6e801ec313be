"""What the model says is looked at before anybody believes it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ml.soundness import flaw
from ml.verdict import Fingerprint
from tests.ml import fault_engines


def test_a_sound_answer_has_no_flaw() -> None:
    sound = fault_engines.sound()
    pointed = replace(sound, fingerprint=Fingerprint("space", np.ones(3, dtype=np.float32), 0.9))
    assert flaw([sound, pointed], 2, {"Billing"}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"confidence": 1.5},
        {"confidence": math.inf},
        {"confidence": None},
        {"sentiment_score": 0.0},
        {"urgency_score": -0.1},
        {"urgency_score": "0.5"},
        {"category": "billing"},
        {"summary": None},
        {"summary": "x" * 10_000},
        {"reasons": (1,)},
        {"fingerprint": Fingerprint("space", np.array([math.nan], dtype=np.float32), 0.9)},
        {"fingerprint": Fingerprint("space", np.zeros((2, 2), dtype=np.float32), 0.9)},
        {"fingerprint": "near"},
    ],
)
def test_an_unsound_verdict_is_seen(change: dict[str, object]) -> None:
    assert flaw([replace(fault_engines.sound(), **change)], 1, {"Billing"}) is not None  # type: ignore[arg-type]
