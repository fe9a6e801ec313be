"""The comparison of the books after each fault: what clients, agents and readers of Slack saw against the house's numbers."""

from collections.abc import Mapping
from typing import Any

from scripts.fault_audit import Audit
from scripts.fault_books import Books
from scripts.fault_slack import RudeSlack
from scripts.fault_table import Row


class Reckoning:
    """Remembers what it has reported, so that each finding is laid to the fault during which it came."""

    def __init__(self, audit: Audit, books: Books, slack: RudeSlack) -> None:
        self._audit = audit
        self._books = books
        self._slack = slack
        self._doubles: set[tuple[str, str]] = set()
        self._explained = self._unexplained = 0

    async def compare(self, row: Row, stats: Mapping[str, Any]) -> None:
        """Into the row. `stats` is GET /stats of this moment; no client's request is under way. Raises Unavailable."""
        findings = await self._audit.look(self._books)
        row.lost += len(findings.lost)
        row.failures += findings.sentences()
        conservation = stats["conservation"]
        if not stats["balanced"]:
            row.failures.append(f"the conservation line does not hold: {conservation}")
        if conservation["accepted"] != len(self._books.accepted):
            row.failures.append(f"{conservation['accepted']} accepted, {len(self._books.accepted)} acknowledged")
        self._compare_leases(row)
        row.failures += self._books.failures
        self._books.failures.clear()
        self._compare_alerts(row)

    def _compare_leases(self, row: Row) -> None:
        for earlier, later in self._books.leases.doubles():
            pair = (earlier.token, later.token)
            if pair not in self._doubles:
                self._doubles.add(pair)
                row.doubly_leased += 1
                row.failures.append(f"leased twice at once: {earlier} and {later}")

    def _compare_alerts(self, row: Row) -> None:
        explained, unexplained = self._slack.duplicates()
        new = unexplained - self._unexplained
        row.alerts_repeated += explained - self._explained + new
        if new:
            row.failures.append(f"{new} alerts were repeated without saying so")
        self._explained, self._unexplained = explained, unexplained
