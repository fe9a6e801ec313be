"""The flood measure counts what it says, on marks whose answer is known."""

import numpy as np

from broker.bars import Mark
from ml.floodtraining import FloodText
from scripts.flood_measure import MIXED, STREAMS, StreamScore, measure_marks, measure_streams, seat

WIDTH = 64


def mark(axis: int, towards: int = 0, much: float = 0.0) -> Mark:
    place = np.zeros(WIDTH, np.float32)
    place[axis] = 1
    place[towards] += much
    return Mark("test", place / np.linalg.norm(place), 0.5, 0.5)


def test_a_clear_flood_is_found_without_its_near_misses_and_the_unrelated() -> None:
    floods = [FloodText("a", f"a{n}", True) for n in range(12)] + [FloodText("a", f"m{n}", False) for n in range(3)]
    floods += [FloodText("b", f"b{n}", True) for n in range(5)]
    marks = [mark(0) if text.member else mark(1) for text in floods[:15]] + [mark(2)] * 5
    named = [(text.text, one) for text, one in zip(floods, marks, strict=True)]
    unrelated: list[tuple[str, Mark | None]] = [(f"u{n}", mark(10 + n)) for n in range(40)]
    score = measure_marks(floods, list(named), {"elsewhere": unrelated}, orders=3)
    assert (score.floods, score.found) == (6, 3), "b is too small to be one"
    assert (score.members, score.joined, score.counted) == (51, 51, 0)
    assert (score.near_misses, score.near_misses_joined) == (9, 0)
    assert (score.unrelated, score.unrelated_joined) == (6 * 40, 0)
    assert score.held_against_joined == 0
    assert measure_streams({"elsewhere": unrelated})[MIXED] == StreamScore(STREAMS, 0, STREAMS * 40, 0)


def test_near_misses_and_unrelated_that_look_alike_are_counted() -> None:
    floods = [FloodText("a", f"a{n}", True) for n in range(11)] + [FloodText("a", "m", False)]
    alike: list[tuple[str, Mark | None]] = [(f"u{n}", mark(0)) for n in range(120)]
    score = measure_marks(floods, [(text.text, mark(0)) for text in floods], {"elsewhere": alike}, orders=1)
    assert (score.near_misses_joined, score.unrelated_joined) == (1, 60)
    assert measure_streams({"elsewhere": alike})["elsewhere"] == StreamScore(
        STREAMS, STREAMS, STREAMS * 120, STREAMS * 120
    )
    assert score.held_against_joined == score.held_against > 0


def test_a_text_too_short_to_group_has_no_seat() -> None:
    assert list(seat([("a", mark(0)), ("short", None), ("b", mark(0))])) == ["a", "b"]
