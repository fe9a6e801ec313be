"""Labelled text in one shape, and the own-written tickets in it. The public files are read by `ml.public_sources`.

Sources are kept apart by name, since a label that comes from one source alone teaches a head to recognise the source.
"""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

from ml.descriptions import DEFAULT_CATEGORIES
from ml.verdict import TicketText

CORPUS_FOLDER = Path(__file__).with_name("corpus")
# What is learned from, and what measures it and is never learned from.
LEARNED_FILES = "part_*.jsonl"
HELD_OUT_FILES = "heldout*.jsonl"


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text. None where the source says nothing.

    `urgent`: chance of "high"; `pressing`: chance of "medium" or "high"; `mood`: 1..10. `slices`: what makes it special.
    """

    text: str
    source: str
    category: str | None = None
    urgent: float | None = None
    mood: float | None = None
    pressing: float | None = None
    slices: tuple[str, ...] = ()


# One text in five is never learned from, so that `scripts.evaluate` has something unseen in each public source.
TEST_SHARE = 5


def is_test(example: Example) -> bool:
    """Whether a public example is kept for measuring: by its text's checksum, so the same on every machine."""
    return zlib.crc32(example.text.strip().lower().encode()) % TEST_SHARE == 0


class DataMissing(Exception):
    """The data folder lacks a file; the message names it."""


def corpus(folder: Path = CORPUS_FOLDER) -> list[Example]:
    """The own-written tickets to learn from. Empty where there are none."""
    return [example for path in sorted(folder.glob(LEARNED_FILES)) for example in labelled(path)]


def held_out(folder: Path = CORPUS_FOLDER) -> list[Example]:
    """The own-written tickets that measure and are never learned from. Empty where there are none."""
    return [example for path in sorted(folder.glob(HELD_OUT_FILES)) for example in labelled(path)]


def labelled(path: Path) -> list[Example]:
    """One file of {subject, body, category, urgency: low|medium|high, mood: 1..10} lines; labels may be absent.

    Raises DataMissing for an absent file, ValueError for a line that isn't such an object.
    """
    if not path.is_file():
        raise DataMissing(f"No such file: {path}")
    examples = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                ticket = TicketText(row.get("subject", ""), row.get("body", ""), row.get("description", ""))
                urgency, mood = row.get("urgency"), row.get("mood")
                examples.append(
                    Example(
                        text=ticket.joined,
                        source=f"own {path.stem}",
                        category=row.get("category"),
                        urgent=None if urgency is None else float(urgency == "high"),
                        mood=None if mood is None else float(mood),
                        pressing=None if urgency is None else float(urgency != "low"),
                        slices=tuple(row.get("slices", ())),
                    )
                )
            except (ValueError, AttributeError, TypeError) as error:
                raise ValueError(f"{path}, line {number} is not a labelled ticket: {error}") from error
    return examples


def descriptions() -> list[Example]:
    """The description lines of the default labels as examples: the zero-shot prior the category head starts from."""
    return [
        Example(text=line, source="descriptions", category=label)
        for label, lines in DEFAULT_CATEGORIES.items()
        for line in lines
    ]
