"""How a drill ends: everything resolved, every alert delivered, nothing unexpected in the logs, the books closed."""

import asyncio

from scripts.fault_audit import alerts_missing
from scripts.fault_drill import ALERTS_DEADLINE_S, RECOVERY_DEADLINE_S, Drill
from scripts.fault_house import CLAIM_LEASE_S
from scripts.fault_table import Report, Row

# Of ids in one message about a failure.
MOST_NAMED = 5


async def finish(drill: Drill, report: Report) -> None:
    """Waits for the end of everything that was accepted and writes what is wrong into the report."""
    row = Row("end", "at the end")
    await asyncio.gather(*drill.followers)
    await drill.settle(row)
    async with drill.load.quiet():
        if await drill.until(lambda: all_resolved(drill), within_s=RECOVERY_DEADLINE_S + CLAIM_LEASE_S) is None:
            row.failures.append(f"not everything was resolved: {await drill.audit.sizes()}")
        if await drill.until(lambda: all_told(drill), within_s=ALERTS_DEADLINE_S) is None:
            row.failures.append("alerts still wait to be delivered")
        async with drill.agents.away():
            await close_books(drill, report, row)
    report.failures += row.failures


async def all_resolved(drill: Drill) -> bool:
    sizes = await drill.audit.sizes()
    return sum(sizes.values()) == sizes["resolved"] + sizes["folded"] + sizes["dead"]


async def all_told(drill: Drill) -> bool:
    return (await drill.broker.stats.snapshot()).alerts_waiting == 0


async def close_books(drill: Drill, report: Report, row: Row) -> None:
    """Nobody asks for anything any more."""
    findings = await drill.audit.look(drill.books)
    await drill.audit.check_answers(drill.books, findings)
    await drill.reckoning.compare(row, await drill.stats())
    due, refused = await drill.audit.alerts(findings)
    if missing := alerts_missing(due, refused, drill.slack):
        row.failures.append(f"{len(missing)} alerts were never delivered: {', '.join(missing[:MOST_NAMED])}")
    for part in drill.house.parts.values():
        if "Traceback" in part.words():
            row.failures.append(f"{part.name} logged an unexpected exception")
    explained, unexplained = drill.slack.duplicates()
    report.conservation = (await drill.broker.stats.snapshot()).conservation
    report.totals = {
        "retries of clients": drill.books.retries,
        "of them replayed": drill.books.replays,
        "leases": drill.books.leases.count,
        "late answers refused": drill.books.late_refused,
        "alerts": len(due),
        "refused by Slack for good": len(refused),
        "alerts repeated and saying so": explained,
        "repeated without": unexplained,
    }
