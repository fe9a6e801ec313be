"""What a zero-shot model's chances are worth."""

import numpy as np
import pytest

from ml.certainty import FEWEST_LINES, MILDEST, STRONGEST, UNMEASURED, fitted, tempered
from ml.scores import FloatArray


def said(right: int, wrong: int, chance: float) -> tuple[FloatArray, "np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    """A model that gives `chance` to the first of five labels, and is right so often."""
    row = [chance] + [(1 - chance) / 4] * 4
    truth = np.array([0] * right + [1] * wrong, np.int64)
    return np.array([row] * (right + wrong), np.float32), truth


def test_a_model_that_boasts_is_made_as_modest_as_it_is_right() -> None:
    chances, truth = said(right=60, wrong=40, chance=0.99)
    temperature = fitted(chances, truth)
    assert temperature > 2
    assert tempered(chances, temperature)[0, 0] == pytest.approx(0.6, abs=0.05)


def test_a_model_that_is_always_right_is_never_made_surer_than_it_says() -> None:
    chances, truth = said(right=50, wrong=0, chance=0.7)
    assert fitted(chances, truth) == MILDEST
    assert np.allclose(tempered(chances, MILDEST), chances, atol=1e-6)


def test_a_model_that_knows_nothing_ends_near_a_guess() -> None:
    rng = np.random.default_rng(1)
    chances = np.eye(5, dtype=np.float32)[rng.integers(0, 5, 200)]
    temperature = fitted(chances, rng.integers(0, 5, 200))
    assert MILDEST < temperature <= STRONGEST
    assert tempered(chances, temperature).max() < 0.4


def test_too_few_lines_say_nothing() -> None:
    chances, truth = said(right=FEWEST_LINES - 1, wrong=0, chance=0.9)
    assert fitted(chances, truth) == UNMEASURED


def test_the_order_of_the_labels_stays_and_each_row_adds_up() -> None:
    chances = np.random.default_rng(2).dirichlet([0.3] * 5, 50).astype(np.float32)
    for temperature in (MILDEST, UNMEASURED, STRONGEST):
        soft = tempered(chances, temperature)
        assert (soft.argmax(axis=1) == chances.argmax(axis=1)).all()
        assert np.allclose(soft.sum(axis=1), 1, atol=1e-5)
