"""What a measurement says: rows of figures with their spread over repeats, the bar each must clear, as a table and as JSON."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One figure a repeat. With `against` (the other side in the same repeats, taken in turns) what counts is the ratio.

    `bar` is what the median must reach, or with `at_most` must not pass; None: only shown. `note`: what a reader must know.
    `skipped`: why there are no figures.
    """

    name: str
    unit: str = ""
    values: tuple[float, ...] = ()
    against: tuple[float, ...] = ()
    bar: float | None = None
    at_most: bool = False
    note: str = ""
    skipped: str = ""

    @property
    def judged(self) -> tuple[float, ...]:
        """The ratio of each repeat, or the figures themselves."""
        if not self.against:
            return self.values
        return tuple(one / other for one, other in zip(self.values, self.against, strict=True))

    @property
    def missed(self) -> bool:
        if self.bar is None or self.skipped:
            return False
        middle = statistics.median(self.judged)
        return middle > self.bar if self.at_most else middle < self.bar

    def members(self) -> dict[str, object]:
        """The row's JSON: medians and every repeat."""
        members: dict[str, object] = {"name": self.name, "unit": self.unit, "note": self.note}
        if self.skipped:
            return members | {"skipped": self.skipped}
        members |= {"value": statistics.median(self.values), "values": list(self.values)}
        if self.against:
            members |= {"against": statistics.median(self.against), "against_values": list(self.against)}
            members |= {"ratio": statistics.median(self.judged), "ratios": list(self.judged)}
        if self.bar is not None:
            members |= {"bar": self.bar, "at_most": self.at_most, "met": not self.missed}
        return members


def report(part: str, rows: Sequence[Row], file: Path | None) -> int:
    """Prints the table and writes the JSON; 0 when every bar is met, else 1."""
    table = Table("what", "ours", "other", "ratio", "spread", "bar", title=part, title_justify="left")
    for row in rows:
        if row.skipped:
            table.add_row(row.name, "skipped", "", "", "", "")
            continue
        low, middle, high = min(row.judged), statistics.median(row.judged), max(row.judged)
        bar = (
            ""
            if row.bar is None
            else f"{'<=' if row.at_most else '>='} {row.bar:g} {'MISSED' if row.missed else 'met'}"
        )
        table.add_row(
            row.name,
            f"{_short(statistics.median(row.values))} {row.unit}",
            f"{_short(statistics.median(row.against))} {row.unit}" if row.against else "",
            _short(middle) if row.against else "",
            f"{_short(low)} to {_short(high)}" if len(row.judged) > 1 else "",
            bar,
        )
    # Wide enough where nobody looks at a terminal: a cut figure is worse than a wrapped line.
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    for row in rows:
        if row.skipped or row.note:
            print(f"{row.name}: {row.skipped or row.note}")
    if file is not None:
        written = {"part": part, "machine": _machine(), "rows": [row.members() for row in rows]}
        file.write_text(json.dumps(written, indent=2) + "\n")
    return 1 if any(row.missed for row in rows) else 0


def _machine() -> dict[str, object]:
    return {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}


def _short(value: float) -> str:
    """Three figures that matter, no exponent."""
    size = abs(value)
    return (
        f"{value:,.0f}"
        if size >= 100
        else f"{value:.1f}"
        if size >= 10
        else f"{value:.2f}"
        if size >= 1
        else f"{value:.3g}"
    )
