"""The heads' file and arithmetic, on small made-up arrays."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.encoder import Encoder
from ml.heads import ELSEWHERE, Heads, sigmoid, softmax
from ml.minilm import MiniLmEngine
from ml.spec import EngineSpec, EngineUnavailable


@pytest.fixture
def heads() -> Heads:
    return Heads(
        encoder="toy",
        version="1",
        classes=("Billing", "Technical", ELSEWHERE),
        category_weights=np.eye(3, dtype=np.float32) * 4,
        category_bias=np.zeros(3, np.float32),
        temperature=1.0,
        urgency_weights=np.array([0, 2, 0, 1], np.float32),
        urgency_bias=-1.0,
        sentiment_weights=np.array([0, -9, 9, 0], np.float32),
        sentiment_bias=5.0,
    )


ONE = np.eye(3, dtype=np.float32)


def test_what_is_elsewhere_takes_from_every_label(heads: Heads) -> None:
    chances = heads.categories(ONE, ("Billing", "Technical"))
    assert chances[0, 0] > 0.9
    assert chances[1, 1] > 0.9
    assert chances[2].sum() < 0.1


def test_labels_come_in_the_order_asked(heads: Heads) -> None:
    assert heads.categories(ONE, ("Technical", "Billing"))[0].argmax() == 1


def test_a_temperature_softens_and_never_reorders(heads: Heads) -> None:
    soft = replace(heads, temperature=3.0).categories(ONE, ("Billing", "Technical"))
    assert soft[0, 0] < heads.categories(ONE, ("Billing", "Technical"))[0, 0]
    assert soft[0].argmax() == 0


def test_urgency_is_a_chance_and_mood_stays_on_its_scale(heads: Heads) -> None:
    features = np.array([[0.0], [1.0], [0.0]], np.float32)
    assert heads.urgency(ONE, features) == pytest.approx(sigmoid(np.array([-1, 2, -1], np.float32)))
    assert heads.sentiment(ONE, features).tolist() == [5.0, 1.0, 10.0]


def test_only_known_labels_are_served(heads: Heads) -> None:
    assert heads.serves(("Technical",))
    assert not heads.serves(("Technical", "Sales"))
    assert not heads.serves((ELSEWHERE,))


def test_a_written_file_reads_back_the_same(heads: Heads, tmp_path: Path) -> None:
    heads.write(tmp_path / "deeper" / "heads.npz")
    again = Heads.read(tmp_path / "deeper" / "heads.npz")
    assert again.classes == heads.classes
    assert np.array_equal(again.category_weights, heads.category_weights)
    assert again.urgency_bias == heads.urgency_bias


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04broken"])
def test_a_missing_or_damaged_file_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(EngineUnavailable, match=r"scripts\.train"):
        Heads.read(tmp_path / "absent.npz")
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(EngineUnavailable, match=r"scripts\.train"):
        Heads.read(tmp_path / "bad.npz")


def test_heads_of_another_encoder_are_refused(heads: Heads, encoder: Encoder) -> None:
    with pytest.raises(EngineUnavailable, match="EMBEDDING_MODEL"):
        MiniLmEngine(encoder, heads, EngineSpec())


def test_softmax_bears_large_numbers() -> None:
    assert softmax(np.array([[1e4, 0.0]], np.float32)).tolist() == [[1.0, 0.0]]
