"""The learning curve: accuracy after so many corrections, on label sets that no head was trained for.

    python -m scripts.curve --data ../shared/data
    python -m scripts.curve --data ../shared/data --task complaints --draws 20

Each label set starts from its description lines alone. Of each, some texts are for drawing corrections and the others measure; every
number of corrections is drawn several times anew. Takes some minutes on two cores, nearly all of it reading the long complaints.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from ml.encoder import Encoder
from ml.lessons import FloatArray, fit, right
from ml.sources import DataMissing
from ml.spec import DEFAULT_THREADS, EngineSpec, EngineUnavailable
from ml.text import for_model
from ml.zeroshot import ZeroShot
from scripts.curve_tasks import TASKS, Task

CORRECTIONS = (5, 10, 25, 50, 100, 200, 500)
# The texts that corrections are drawn from: twice the longest draw, so that draws differ. As many again measure.
POOL_TEXTS = 1_000
DRAWS = 10
# Two-sided 95 % of the normal distribution.
Z_95 = 1.96


@dataclass(frozen=True, slots=True)
class Texts:
    """One label set's texts as the encoder sees them: prior chances (n, k), sentence vectors (n, d), the right label of each."""

    labels: tuple[str, ...]
    chances: FloatArray
    vectors: FloatArray
    truth: list[str]

    def rows(self, which: Sequence[int]) -> tuple[FloatArray, FloatArray, list[str]]:
        return self.chances[which], self.vectors[which], [self.truth[at] for at in which]


@dataclass(frozen=True, slots=True)
class Point:
    """Accuracies of the draws at one number of corrections; `changed`: in how many of them anything was learned."""

    corrections: int
    accuracies: list[float]
    changed: int

    @property
    def mean(self) -> float:
        return float(np.mean(self.accuracies))

    @property
    def half(self) -> float:
        """Half the width of the mean's 95 % interval over draws."""
        return Z_95 * float(np.std(self.accuracies, ddof=1)) / float(np.sqrt(len(self.accuracies)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 never below the prior, 1 below it somewhere on average, 2 something to read from is missing."""
    asked = _parse(arguments)
    try:
        encoder = Encoder.load(None, threads=asked.threads)
        sets = [(task, read(task, asked.data, encoder)) for task in TASKS if asked.task in (None, task.name)]
    except (DataMissing, EngineUnavailable) as error:
        print(error, file=sys.stderr)
        return 2
    below = 0
    for task, texts in sets:
        prior, points = curve(texts, asked.draws)
        _show(task, texts, prior, points)
        below += sum(point.mean < prior for point in points)
    return 1 if below else 0


def read(task: Task, folder: Path, encoder: Encoder) -> Texts:
    """A task's texts in random order, the same on every machine, at most twice POOL_TEXTS. Raises DataMissing."""
    rows = task.rows(folder)
    random.Random(task.name).shuffle(rows)
    rows = rows[: 2 * POOL_TEXTS]
    spec = EngineSpec(categories=task.categories)
    vectors = encoder.encode([for_model(text) for text, _ in rows])
    return Texts(spec.labels, ZeroShot(encoder, spec).categories(vectors), vectors, [label for _, label in rows])


def curve(texts: Texts, draws: int) -> tuple[float, list[Point]]:
    """The prior's accuracy on the texts that measure, and a point for each number of corrections."""
    chances, vectors, truth = texts.rows(range(POOL_TEXTS, len(texts.truth)))
    prior = float(right(texts.labels, chances, truth).mean())
    points = []
    for number in CORRECTIONS:
        accuracies, changed = [], 0
        for draw in range(draws):
            drawn = np.random.default_rng((number, draw)).permutation(POOL_TEXTS)[:number]
            lesson = fit(texts.labels, *texts.rows(drawn.tolist()))
            now = lesson.chances(chances, vectors) if lesson else chances
            accuracies.append(float(right(texts.labels, now, truth).mean()))
            changed += lesson is not None
        points.append(Point(number, accuracies, changed))
    return prior, points


def _show(task: Task, texts: Texts, prior: float, points: Sequence[Point]) -> None:
    tested = len(texts.truth) - POOL_TEXTS
    title = f"{task.name}: {len(texts.labels)} labels, {tested} texts measure, zero-shot {prior:.3f}"
    grid = Table(title=title)
    for column in ("corrections", "accuracy", "95 %", "worst draw", "draws that changed anything", "below zero-shot"):
        grid.add_column(column, justify="right")
    for point in points:
        low, high = point.mean - point.half, point.mean + point.half
        grid.add_row(
            str(point.corrections),
            f"{point.mean:.3f}",
            f"{low:.3f} to {high:.3f}",
            f"{min(point.accuracies):.3f}",
            f"{point.changed} of {len(point.accuracies)}",
            f"{sum(accuracy < prior for accuracy in point.accuracies)} of {len(point.accuracies)}",
        )
    Console(width=None if sys.stdout.isatty() else 140).print(grid)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts.curve", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the public files")
    parser.add_argument("--task", choices=[task.name for task in TASKS], help="one label set (default: all)")
    parser.add_argument("--draws", type=int, default=DRAWS, help="times each number is drawn (default %(default)s)")
    parser.add_argument("--threads", type=int, default=DEFAULT_THREADS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
