"""The learning curve's arithmetic on texts made of numbers, and its label sets."""

from pathlib import Path

import numpy as np
import pytest

from ml.sources import DataMissing
from scripts import curve
from scripts.curve import Point, Texts
from scripts.curve_tasks import COMPLAINTS, TASKS, Task

LABELS = ("Red", "Green", "Blue")


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> Texts:
    """A hundred to draw from and two hundred that measure; the prior is right one time in three."""
    monkeypatch.setattr(curve, "POOL_TEXTS", 100)
    monkeypatch.setattr(curve, "CORRECTIONS", (5, 50))
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 300)
    vectors = np.eye(3, 8)[truth] + 0.2 * rng.standard_normal((300, 8))
    chances = np.full((300, 3), (0.4, 0.3, 0.3), np.float32)
    return Texts(LABELS, chances, vectors.astype(np.float32), [LABELS[at] for at in truth])


def test_a_curve_starts_at_the_prior_and_rises(texts: Texts) -> None:
    prior, (few, many) = curve.curve(texts, draws=3)
    assert prior == pytest.approx(sum(label == "Red" for label in texts.truth[100:]) / 200)
    assert few.accuracies == [prior] * 3 and few.changed == 0 and few.half == 0
    assert many.changed == 3 and min(many.accuracies) > 0.8
    assert Point(5, [0.5, 0.7], 2).half == pytest.approx(0.196)


def test_label_sets_are_read_from_the_files_columns(tmp_path: Path) -> None:
    rows = [
        "narrative,issue",
        "a hidden fee,Charged fees or interest you didn't expect",
        "what?,Other",
        "hired,Getting the loan",
    ]
    (tmp_path / COMPLAINTS.file).write_text("\n".join(rows))
    assert COMPLAINTS.rows(tmp_path) == [("a hidden fee", "Fees and interest"), ("hired", "Getting a loan")]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_missing_file_is_named_and_no_row_has_two_labels(task: Task, tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match=task.file):
        task.rows(tmp_path)
    values = [value for label in task.labels.values() for value in label.values]
    assert len(values) == len(set(values)) and all(task.categories.values())


def test_without_the_data_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert curve.main(["--data", str(tmp_path), "--task", "banking"]) == 2
    assert "banking77_train.csv" in capsys.readouterr().err
