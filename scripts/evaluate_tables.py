"""What `scripts.evaluate` prints: one table a question."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from ml.card import HEADINGS, cells
from ml.evaluation import Score
from scripts.flood_measure import STREAM

# Which of HEADINGS answer which question; a source without a figure under it is left out of that table.
TOPICS = {
    "Category": [0, 1, *range(2, HEADINGS.index("urgency AUROC"))],
    "Urgency": [0, 1, *range(HEADINGS.index("urgency AUROC"), HEADINGS.index("mood r"))],
    "Mood": [0, 1, *range(HEADINGS.index("mood r"), HEADINGS.index("texts/s"))],
}


def show(console: Console, report: Mapping[str, Any], scores: Sequence[Score]) -> None:
    """All tables of a report as `scripts.evaluate` makes it."""
    console.print(f"{report['engine']} on texts it never learned from")
    rows = [cells(score) for score in scores]
    for title, columns in TOPICS.items():
        chosen = [[row[column] for column in columns] for row in rows]
        filled = [row for row in chosen if row[2:].count("-") < len(row[2:])]
        if filled:
            console.print(_grid(title, [HEADINGS[column] for column in columns], filled))
    if report["slices"]:
        rows = [
            [
                s["name"],
                str(s["texts"]),
                f"{s['accuracy']:.3f}",
                f"{s['low']:.3f} to {s['upper']:.3f}",
                str(s["high"]),
                f"{s['urgency_right']:.3f}",
            ]
            for s in report["slices"]
        ]
        headings = ("slice", "texts", "category", "95 %", "high", "urgency right at 15 % false alarms")
        console.print(_grid("Tickets by what makes them special", headings, rows))
    if report["confusion"]:
        labels = list(report["confusion"])
        rows = [[true, *(str(report["confusion"][true][said]) for said in labels)] for true in labels]
        console.print(_grid("True label (row) against what was said", ("", *labels), rows))
    if report["low_or_medium_right"] is not None:
        console.print(f"low told from medium: {report['low_or_medium_right']:.3f} right")
    for name, counts in report["near_duplicates"].items():
        console.print(_near_duplicates(name, counts))
    if report["streams_without_flood"]:
        opened = (
            f"{source} {f['incidents']} in {f['streams']}" for source, f in report["streams_without_flood"].items()
        )
        console.print(f"incidents opened by streams of {STREAM} tickets that hold no flood: {', '.join(opened)}")
    for source, (right, n) in report["sources_left_out"].items():
        console.print(f"category of {source} by the embedding's head trained without it: {right / n:.3f} of {n} right")
    console.print(
        f"speed here: {report['speed']['alone_ms']:.1f} ms for a ticket alone (median), "
        f"{report['speed']['batched_per_s']:,.0f} tickets/s in batches"
    )


def _near_duplicates(name: str, f: Mapping[str, Any]) -> str:
    return (
        f"{name}, floods of 14 differently worded reports: {f['found']} of {f['floods']} arrivals reach eleven; of their reports "
        f"{_share(f['joined'], f['members'])} would fold and {_share(f['counted'], f['members'])} only count; of near-misses "
        f"{_share(f['near_misses_joined'], f['near_misses'])} would fold, of unrelated tickets among them "
        f"{_share(f['unrelated_joined'], f['unrelated'])}, of unrelated ones held against a hundred groups "
        f"{_share(f['held_against_joined'], f['held_against'])}"
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _grid(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    grid = Table(title=title, title_justify="left")
    for place, heading in enumerate(headings):
        grid.add_column(heading, justify="left" if place == 0 else "right")
    for row in rows:
        grid.add_row(*row)
    return grid
