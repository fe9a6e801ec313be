"""The flood head: what it is fitted from, what it ships, and what a fingerprint of it says."""

from pathlib import Path

import numpy as np
import pytest

from ml.floodhead import DOUBT_PER_UNIT, FloodHead
from ml.floodtraining import FLOODS_DEV, FloodText, fit_floods, read_floods
from ml.sources import DataMissing
from ml.spec import EngineUnavailable
from ml.verdict import Engine, TicketText

# Half of the columns say what the cause is.
PROJECTION = np.eye(8, 4, dtype=np.float32)


def views(rng: np.random.Generator, number: int, towards: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Two unit vectors of width 8 a row, the first leaning to one axis."""
    first, second = rng.normal(0, 0.3, (2, number, 8)).astype(np.float32)
    first[:, towards] += 1
    rows = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in (first, second)]
    return np.concatenate(rows, axis=1)


def fitted() -> FloodHead:
    rng = np.random.default_rng(1)
    texts = [FloodText(f"f{n % 8}", "", n % 2 == 0) for n in range(80)]
    reports = np.where(np.arange(80)[:, None] % 2 == 0, views(rng, 80, 1), views(rng, 80, 2))
    sources, everyday = ["own a"] * 30 + ["hadoop"] * 30, views(rng, 60, 0)
    return fit_floods(texts, reports, sources, everyday, projection=PROJECTION, encoder="tiny")


def test_reports_like_those_learned_from_are_not_doubted_and_near_misses_and_everyday_matters_are() -> None:
    head, rng = fitted(), np.random.default_rng(2)
    members = [head.fingerprint(row, 20).doubt for row in views(rng, 20, 1)]
    near_misses = [head.fingerprint(row, 20).doubt for row in views(rng, 20, 2)]
    assert max(np.median(members), 0.1) < np.median(near_misses)
    everyday = [head.fingerprint(row, 20).doubt for row in views(rng, 20, 0)]
    assert np.median(near_misses) > 0.5 * DOUBT_PER_UNIT[0]
    assert np.median(everyday) > 0.5 * DOUBT_PER_UNIT[1]


def test_fitting_is_deterministic_and_survives_its_file(tmp_path: Path) -> None:
    head, again = fitted(), fitted()
    head.write(tmp_path / "floods.npz")
    read = FloodHead.read(tmp_path / "floods.npz")
    assert head.version == again.version == read.version
    row = views(np.random.default_rng(3), 1, 1)[0]
    first, second = head.fingerprint(row, 20), read.fingerprint(row, 20)
    assert np.array_equal(first.vector, second.vector)
    assert (first.space, first.threshold, first.lone) == (second.space, second.threshold, second.lone)
    assert first.doubt == pytest.approx(second.doubt)


def test_few_words_group_only_with_almost_the_same_words(minilm: Engine) -> None:
    outage, login = (
        verdict.fingerprint
        for verdict in minilm.judge(
            [TicketText(subject="CRITICAL server outage immediately"), TicketText(subject="Server outage broken login")]
        )
    )
    assert outage is not None and login is not None and login.lone is not None
    assert float(outage.vector @ login.vector) < login.lone


def test_without_everyday_tickets_nothing_is_fitted() -> None:
    rng = np.random.default_rng(4)
    with pytest.raises(ValueError, match="everyday"):
        fit_floods(
            [FloodText("a", "", True)],
            views(rng, 1, 1),
            ["descriptions"],
            views(rng, 1, 0),
            projection=PROJECTION,
            encoder="tiny",
        )


def test_a_damaged_head_is_named(tmp_path: Path) -> None:
    (tmp_path / "floods.npz").write_bytes(b"no archive")
    with pytest.raises(EngineUnavailable, match=r"floods\.npz"):
        FloodHead.read(tmp_path / "floods.npz")


def test_floods_are_read_and_other_files_refused(tmp_path: Path) -> None:
    for path in FLOODS_DEV:
        assert {text.member for text in read_floods(path)} == {True, False}
    with pytest.raises(DataMissing):
        read_floods(tmp_path / "absent.jsonl")
    (tmp_path / "other.jsonl").write_text('{"text": "no flood"}\n')
    with pytest.raises(ValueError, match=r"other\.jsonl"):
        read_floods(tmp_path / "other.jsonl")


def test_a_wish_about_the_same_thing_is_doubted_more_than_the_fault(minilm: Engine) -> None:
    fault, wish = minilm.judge(
        [
            TicketText(body="The export page times out for everybody in our team since this morning."),
            TicketText(body="Would be nice if the export page offered a monthly summary for our team."),
        ]
    )
    assert fault.fingerprint is not None and wish.fingerprint is not None
    assert fault.fingerprint.space == wish.fingerprint.space
    assert fault.fingerprint.lone is not None and fault.fingerprint.lone > fault.fingerprint.threshold
    assert fault.fingerprint.doubt < wish.fingerprint.doubt
