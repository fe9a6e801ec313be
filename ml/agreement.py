"""How far two readers of the guide agree on the held-out tickets: what no model should be expected to pass."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.measures import pearson
from ml.sources import CORPUS_FOLDER, DataMissing

# Read blind: shuffled, with ids that say nothing, by somebody who had seen neither author nor labels.
FIRST_READING = CORPUS_FOLDER / "heldout_b.jsonl"
SECOND_READING = CORPUS_FOLDER / "second_reading.jsonl"


@dataclass(frozen=True)
class Agreement:
    """Of `texts` tickets read twice: share of equal labels, and Cohen's kappa, which takes away what chance would give."""

    texts: int
    category: float
    category_kappa: float
    urgency: float
    mood_pearson: float


def agreement(first: Path = FIRST_READING, second: Path = SECOND_READING) -> Agreement:
    """Compares the tickets both files know. DataMissing where a file is missing or they share none."""
    for path in (first, second):
        if not path.is_file():
            raise DataMissing(f"No such file: {path}")
    ours, theirs = _by_id(first), _by_id(second)
    both = [(ours[key], theirs[key]) for key in ours if key in theirs]
    if not both:
        raise DataMissing(f"{first} and {second} have no ticket in common.")
    one, other = [str(a["category"]) for a, _ in both], [str(b["category"]) for _, b in both]
    return Agreement(
        texts=len(both),
        category=sum(a == b for a, b in zip(one, other, strict=True)) / len(both),
        category_kappa=kappa(one, other),
        urgency=sum(a["urgency"] == b["urgency"] for a, b in both) / len(both),
        mood_pearson=pearson([float(str(a["mood"])) for a, _ in both], [float(str(b["mood"])) for _, b in both]),
    )


def kappa(one: Sequence[str], other: Sequence[str]) -> float:
    """Cohen 1960: agreement above what the two readers' own label shares would give by chance; 1 where chance is certain."""
    n = len(one)
    observed = sum(a == b for a, b in zip(one, other, strict=True)) / n
    ours, theirs = Counter(one), Counter(other)
    by_chance = sum(ours[label] * theirs[label] for label in ours) / n**2
    return 1.0 if by_chance == 1 else (observed - by_chance) / (1 - by_chance)


def _by_id(path: Path) -> dict[str, dict[str, object]]:
    with path.open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    return {row["id"]: row for row in rows}
