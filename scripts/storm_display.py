"""The storm while it rages: one table, drawn again twice a second."""

import asyncio
from collections.abc import Callable

from rich.console import Console
from rich.live import Live
from rich.table import Table

from scripts.storm_books import Books
from scripts.storm_watch import Watch
from scripts.storm_words import ms

# Drawing takes some milliseconds, in which nothing is sent: more often would be seen in the latencies.
DRAW_EVERY_S = 0.5
# The rates shown are of so many seconds.
RATE_OVER_S = 3


class Display:
    """`phase` is said above the figures."""

    def __init__(self, console: Console, books: Books, watch: Watch, waiting: Callable[[], int]) -> None:
        self.phase = "sending"
        self._books = books
        self._watch = watch
        self._waiting = waiting
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._drawing: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._live.start()
        self._drawing = asyncio.create_task(self._draw())

    async def stop(self) -> None:
        if self._drawing is not None:
            self._drawing.cancel()
            await asyncio.gather(self._drawing, return_exceptions=True)
        self._live.stop()

    async def _draw(self) -> None:
        while True:
            self._live.update(self.table(), refresh=True)
            await asyncio.sleep(DRAW_EVERY_S)

    def table(self) -> Table:
        books, latency = self._books, self._books.latency
        passed_s = books.clock() - books.began
        recent = [
            books.seconds[at] for at in range(max(0, int(passed_s) - RATE_OVER_S), int(passed_s)) if at in books.seconds
        ]
        over_s = max(1, len(recent))
        looks = self._watch.looks
        terms = looks[-1].terms if looks else {}
        dropped = books.troubles["dropped"]
        table = Table(title=f"{self.phase}, {passed_s:.0f} s", title_justify="left", show_header=False)
        for name, value in {
            "asked": f"{books.asked:,}, {sum(second.asked for second in recent) / over_s:,.0f}/s",
            "achieved": f"{len(books.accepted):,}, {sum(second.accepted for second in recent) / over_s:,.0f}/s",
            "in flight": f"{self._waiting():,}",
            "dropped": f"[bold red]{dropped:,}[/]" if dropped else "0",
            "failed": f"[bold red]{books.failed:,}[/]" if books.failed else "0",
            "latency ms": "  ".join(
                f"{name} {ms(latency.percentile(share) * 1000)}"
                for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
            )
            + f"  max {ms(latency.max_s * 1000)}",
            "backlog": f"{looks[-1].backlog:,}" if looks else "?",
            "ready": f"{terms.get('ready', 0):,}",
            "claimed, resolved": f"{terms.get('claimed', 0):,}, {terms.get('resolved', 0):,}",
            "incidents, folded": f"{looks[-1].incidents if looks else 0:,}, {terms.get('folded', 0):,}",
        }.items():
            table.add_row(name, value)
        return table
