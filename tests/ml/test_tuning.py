"""Tuning the packaged encoder's upper layers for real, a few steps of it, and what is shipped of that."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ml.adapter import Adapter
from ml.encoder import DEPTHS, PACKAGED_NAME, Encoder, packaged_folder
from ml.everyday import EVERYDAY
from ml.lowrank import LowRank, widen, widened
from ml.sources import Example
from ml.spec import EngineUnavailable
from ml.tuning import FLOODS_A_STEP, WIDTH, Lesson, Lessons, tune
from ml.tuningset import Cause, causes, everyday_texts
from ml.upperlayers import UpperLayers

TEXTS = [
    "The invoice shows the tax twice.",
    "Nobody can sign in since nine o'clock, the page answers with error 502 and then with nothing at all.",
    "Ring me back",
]


def tuned() -> Adapter:
    """A few steps on a little of each flood."""
    few = [Cause(cause.members[:4], cause.near_misses[:2]) for cause in causes()[:FLOODS_A_STEP]]
    return tune(packaged_folder(), encoder=PACKAGED_NAME, causes=few, everyday=TEXTS, steps=4)


@pytest.fixture(scope="module")
def adapter() -> Adapter:
    return tuned()


def test_tuning_changes_the_upper_layers_alone_and_keeps_the_vectors_near(adapter: Adapter) -> None:
    assert {name.split(".")[2] for name in adapter.names} == {"3", "4", "5"}
    plain, ours = (Encoder.packaged(each, threads=2) for each in (None, adapter))
    width = plain.dims
    before, after = plain.read(TEXTS), ours.read(TEXTS)
    cosines = (before * after).reshape(len(TEXTS), DEPTHS, width).sum(axis=2)
    # Last layer first: the lowest view lies below what is tuned.
    assert np.allclose(cosines[:, -1], 1.0, atol=1e-3)
    assert (cosines[:, 0] < 0.9999).all()
    assert (cosines > 0.8).all()
    assert ours.name == f"{PACKAGED_NAME}+{adapter.version}"
    assert adapter.projection.shape == (width, WIDTH)


def test_tuning_again_gives_the_same(adapter: Adapter) -> None:
    assert tuned().version == adapter.version


def test_what_is_merged_sees_what_was_tuned() -> None:
    upper = UpperLayers(packaged_folder(), rank=2, dropout=0.0)
    torch.manual_seed(3)
    with torch.no_grad():
        for _, layer in widened(upper.layers):
            layer.up.normal_(0, 0.1)
        upper.layers.eval()
        seen = upper(upper.lower(TEXTS).states)[:, -1].numpy()
    adapter = Adapter.of(PACKAGED_NAME, upper.factors(), np.eye(seen.shape[1], dtype=np.float32))
    plain, ours = (Encoder.packaged(each, threads=2).encode(TEXTS) for each in (None, adapter))
    assert (np.sum(ours * seen, axis=1) > 0.999).all()
    assert (np.sum(plain * seen, axis=1) < 0.99).all()


def test_the_lower_layers_are_run_once_and_the_views_are_the_encoders() -> None:
    upper = UpperLayers(packaged_folder(), rank=2, dropout=0.0)
    lower = upper.lower(TEXTS)
    plain = Encoder.packaged(None, threads=2).read(TEXTS).reshape(len(TEXTS), DEPTHS, -1)
    assert lower.views.shape == (len(TEXTS), 2, plain.shape[2])
    for view, depth in ((0, 1), (1, 0)):  # the encoder's views come last layer first
        assert (np.sum(lower.views[:, view].numpy() * plain[:, depth], axis=1) > 0.999).all()
    with torch.no_grad():
        upper.layers.eval()
        assert torch.allclose(upper(lower.states), lower.views, atol=0.02)


def test_an_adapter_survives_its_file_and_another_model_refuses_it(adapter: Adapter, tmp_path: Path) -> None:
    adapter.write(tmp_path / "adapter.npz")
    read = Adapter.read(tmp_path / "adapter.npz")
    assert (read.version, read.names, read.rank, read.encoder) == (
        adapter.version,
        adapter.names,
        adapter.rank,
        PACKAGED_NAME,
    )
    for other in (torch.nn.Linear(4, 4), torch.nn.ModuleDict()):
        with pytest.raises(EngineUnavailable, match="does not fit"):
            read.merge(other)
    longer = Adapter(read.encoder, read.rank, read.names[:-1], read.down, read.up, read.projection)
    with pytest.raises(EngineUnavailable, match="does not fit"):
        Encoder.packaged(longer, threads=2)
    with pytest.raises(EngineUnavailable, match="absent"):
        Adapter.read(tmp_path / "absent.npz")


def test_a_widened_layer_starts_as_it_was_and_learns_in_its_factors_alone() -> None:
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2))
    x = torch.randn(3, 6)
    before = net(x)
    widen(net, rank=2)
    assert torch.equal(net(x), before)
    assert [name for name, _ in widened(net, "net.")] == ["net.0", "net.2"]
    torch.autograd.backward(net(x).sum())
    for _, layer in widened(net):
        assert isinstance(layer, LowRank)
        assert layer.layer.weight.grad is None
        assert layer.up.grad is not None


def test_every_flood_is_shown_before_any_comes_again() -> None:
    count = 2 * FLOODS_A_STEP
    lessons = Lessons([Cause(["m"] * 12, ["n"] * 3)] * count, np.random.default_rng(5))
    first, second = lessons.next(), lessons.next()
    assert sorted(first.shown + second.shown) == list(range(count * 15))
    for lesson in (first, second):
        assert len(lesson.exemplars) == FLOODS_A_STEP
        assert sorted(lesson.held + [row for rows in lesson.exemplars for row in rows]) == list(
            range(len(lesson.shown))
        )
        assert lesson.member.count(False) == 3 * FLOODS_A_STEP


def test_a_lesson_holds_the_rest_against_its_own_mean() -> None:
    lesson = Lesson()
    lesson.add([7, 8, 9], [10], exemplars=2)
    lesson.add([1, 2], [3, 4], exemplars=1)
    assert lesson.shown == [7, 8, 9, 10, 1, 2, 3, 4]
    assert lesson.exemplars == [[0, 1], [4]]
    assert (lesson.held, lesson.against) == ([2, 3, 5, 6, 7], [0, 0, 1, 1, 1])
    assert lesson.member == [True, False, True, False, False]


def test_the_tuning_set_holds_no_text_twice_and_none_of_the_tests() -> None:
    found = causes()
    texts = [text for cause in found for text in (*cause.members, *cause.near_misses)]
    assert len(set(texts)) == len(texts)
    assert all(cause.members and cause.near_misses for cause in found)
    drawn = everyday_texts([Example(f"text {n}", "hadoop") for n in range(999)])
    assert len(set(drawn)) == len(drawn) == EVERYDAY["hadoop"]
