"""What a drill found: a row a fault, shown as a table and written as JSON."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass
class Row:
    """One fault. `recovery_s`: the longest time from its end until every ticket accepted so far was judged.

    `in_flight`: the most tickets pending, in work or in hands as it struck. `notes`: how often what was hit, by name.
    """

    name: str
    says: str
    times: int = 0
    in_flight: int = 0
    recovery_s: float = 0.0
    lost: int = 0
    stuck: int = 0
    doubly_leased: int = 0
    alerts_repeated: int = 0
    notes: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def struck(self, in_flight: int, recovery_s: float) -> None:
        self.times += 1
        self.in_flight = max(self.in_flight, in_flight)
        self.recovery_s = max(self.recovery_s, recovery_s)

    def note(self, name: str, count: int = 1) -> None:
        self.notes[name] = self.notes.get(name, 0) + count


@dataclass
class Report:
    """The whole drill. `failures` are those of no fault in particular; `totals` are counts by name."""

    seed: int
    short: bool
    rows: list[Row] = field(default_factory=list)
    elapsed_s: float = 0.0
    totals: dict[str, int] = field(default_factory=dict)
    conservation: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @property
    def all_failures(self) -> list[str]:
        return [f"{row.name}: {failure}" for row in self.rows for failure in row.failures] + self.failures

    @property
    def ok(self) -> bool:
        return not self.all_failures

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self) | {"ok": self.ok}, indent=2) + "\n", encoding="utf-8")

    def show(self, console: Console) -> None:
        table = Table(title=f"faults, seed {self.seed}", title_justify="left")
        table.add_column("fault", no_wrap=True)
        headings = ("times", "in flight", "recovery s", "lost", "stuck", "doubly leased", "alerts repeated")
        for heading in headings:
            table.add_column(heading, justify="right")
        table.add_column("")
        for row in self.rows:
            numbers = (row.times, row.in_flight, f"{row.recovery_s:.1f}", row.lost, row.stuck, row.doubly_leased)
            verdict = "[red]failed[/]" if row.failures else "[green]held[/]"
            table.add_row(row.says, *map(str, numbers), str(row.alerts_repeated), verdict)
        console.print(table)
        terms = " + ".join(
            f"{count} {name}" for name, count in self.conservation.items() if name != "accepted" and count
        )
        console.print(f"{self.conservation.get('accepted', 0)} accepted = {terms}", highlight=False)
        console.print(", ".join(f"{count} {name}" for name, count in self.totals.items()), highlight=False)
        for failure in self.all_failures:
            console.print(f"[red]failed[/] {failure}", highlight=False)
        console.print(f"{'passed' if self.ok else 'FAILED'} in {self.elapsed_s:.0f} s", highlight=False)
