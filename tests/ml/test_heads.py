"""The heads' file and arithmetic, on small made-up arrays."""

from pathlib import Path

import numpy as np
import pytest

from ml.blend import Blend
from ml.encoder import Encoder
from ml.heads import Heads
from ml.minilm import MiniLmEngine
from ml.scores import ELSEWHERE, Scores, sigmoid, softmax
from ml.spec import EngineSpec, EngineUnavailable
from ml.trained import Trained
from ml.wordheads import WordHeads

CLASSES = ("Billing", "Technical", ELSEWHERE)
ONE = np.eye(3, dtype=np.float32)


@pytest.fixture
def heads() -> Heads:
    return Heads(
        encoder="toy",
        version="1",
        classes=CLASSES,
        category_weights=np.eye(3, dtype=np.float32) * 4,
        category_bias=np.zeros(3, np.float32),
        urgency_weights=np.array([0, 2, 0, 1], np.float32),
        urgency_bias=-1.0,
        pressing_weights=np.array([1, 0, 0, 0], np.float32),
        pressing_bias=0.5,
        mood_weights=np.array([0, -9, 9, 0], np.float32),
        mood_bias=5.0,
    )


@pytest.fixture
def words() -> WordHeads:
    return WordHeads(
        version="2",
        classes=CLASSES,
        vocabulary={"refund": 0},
        table=np.array([[6, 0, 0, 1, 1, -2]], np.float32),
        bias=np.array([0, 0, 0, -1, 0, 5], np.float32),
        urgency_features=np.array([1], np.float32),
        pressing_features=np.array([0], np.float32),
        mood_features=np.array([0], np.float32),
    )


def blended(category: tuple[float, float] = (1, 0), other: tuple[float, float, float] = (1, 0, 0)) -> Blend:
    row = np.array(other, np.float32)
    return Blend(CLASSES, ("1", "2"), np.array([*category, 0], np.float32), row, row, row)


def seen(category: np.typing.NDArray[np.float32] = ONE * 4, rest: float = 0.0) -> Scores:
    column = np.full(len(category), rest, np.float32)
    return Scores(category, column, column, column)


def test_heads_score_views_and_features(heads: Heads) -> None:
    scores = heads.score(ONE, np.array([[0.0], [1.0], [0.0]], np.float32), np.zeros((3, 1), np.float32))
    assert np.array_equal(scores.category, ONE * 4)
    assert scores.urgency.tolist() == [-1, 2, -1]
    assert scores.pressing.tolist() == [1.5, 0.5, 0.5]
    assert scores.mood.tolist() == [5, -4, 14]


def test_words_score_the_terms_they_know(words: WordHeads) -> None:
    none = np.zeros((2, 1), np.float32)
    scores = words.score(["refund", "hello"], none + 1, none)
    assert scores.category.tolist() == [[6, 0, 0], [0, 0, 0]]
    assert scores.urgency.tolist() == [1, 0]
    assert scores.mood.tolist() == [3, 5]
    assert words.score([], none[:0], none[:0]).category.shape == (0, 3)


def test_what_is_elsewhere_takes_from_every_label() -> None:
    chances = blended().categories(seen(), seen(), ("Billing", "Technical"))
    assert chances[0, 0] > 0.9
    assert chances[1, 1] > 0.9
    assert chances[2].sum() < 0.1


def test_labels_come_in_the_order_asked_and_none_is_fine() -> None:
    assert blended().categories(seen(), seen(), ("Technical", "Billing"))[0].argmax() == 1
    assert blended().categories(seen(), seen(), ()).shape == (3, 0)


def test_the_blend_weighs_embedding_against_words() -> None:
    sight, words = seen(ONE * 2), seen(ONE[[1, 0, 2]] * 3)
    assert blended((1, 0)).categories(sight, words, ("Billing", "Technical"))[0].argmax() == 0
    assert blended((1, 1)).categories(sight, words, ("Billing", "Technical"))[0].argmax() == 1


def test_urgency_is_a_chance_and_mood_stays_on_its_scale() -> None:
    blend = blended(other=(1, 2, 3))
    assert blend.urgent(seen(rest=1), seen(rest=-1)) == pytest.approx(sigmoid(np.full(3, 2, np.float32)))
    assert blend.presses(seen(rest=1), seen(rest=-2))[0] == pytest.approx(0.5)
    assert blend.moods(seen(rest=90), seen())[0] == 10
    assert blend.moods(seen(rest=-90), seen())[0] == 1


def test_only_known_labels_are_served() -> None:
    assert blended().serves(("Technical",))
    assert not blended().serves(("Technical", "Sales"))
    assert not blended().serves((ELSEWHERE,))


def test_written_files_read_back_the_same(heads: Heads, words: WordHeads, tmp_path: Path) -> None:
    Trained(heads, words, blended((1, 0.5))).write(tmp_path / "deeper")
    again = Trained.read(tmp_path / "deeper")
    assert again.heads.classes == again.blend.classes == CLASSES
    assert np.array_equal(again.heads.category_weights, heads.category_weights)
    assert again.heads.pressing_bias == heads.pressing_bias
    assert again.blend.category.tolist() == [1, 0.5, 0]
    assert again.version == "1.2"


def test_files_of_different_trainings_are_refused(heads: Heads, words: WordHeads, tmp_path: Path) -> None:
    Trained(heads, words, Blend(CLASSES, ("1", "other"), *[np.zeros(3, np.float32)] * 4)).write(tmp_path)
    with pytest.raises(EngineUnavailable, match="belong together"):
        Trained.read(tmp_path)


@pytest.mark.parametrize("name", ["heads.npz", "blend.npz", "words.npz"])
@pytest.mark.parametrize("content", [None, b"", b"not an archive", b"PK\x03\x04broken"])
def test_a_missing_or_damaged_file_says_what_to_do(
    heads: Heads, words: WordHeads, tmp_path: Path, name: str, content: bytes | None
) -> None:
    Trained(heads, words, blended()).write(tmp_path)
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_bytes(content)
    with pytest.raises(EngineUnavailable, match=r"scripts\.train"):
        Trained.read(tmp_path)


def test_heads_of_another_encoder_are_refused(heads: Heads, words: WordHeads, encoder: Encoder) -> None:
    with pytest.raises(EngineUnavailable, match="EMBEDDING_MODEL"):
        MiniLmEngine(encoder, Trained(heads, words, blended()), EngineSpec())


def test_softmax_bears_large_numbers() -> None:
    assert softmax(np.array([[1e4, 0.0]], np.float32)).tolist() == [[1.0, 0.0]]
