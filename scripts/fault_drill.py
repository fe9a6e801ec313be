"""One drill: the house, its clients and its agents, and what every fault may ask of them."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from broker import Broker
from broker.errors import Unavailable
from broker.presence import WorkerReport
from scripts.fault_agents import Agents
from scripts.fault_audit import Audit, alerts_missing
from scripts.fault_books import Books
from scripts.fault_house import API, CLAIM_LEASE_S, WORKERS, House
from scripts.fault_leases import LeaseBook
from scripts.fault_load import Load
from scripts.fault_proxy import Proxy
from scripts.fault_slack import RudeSlack
from scripts.fault_table import Report, Row

# The stated time: after a fault has ended, everything accepted is judged within it. A worker's lease (2 s), a sweep, a lost
# connection noticed by its time-out (5 s), and the start of a process on a machine that is busy with this very drill.
RECOVERY_DEADLINE_S = 20.0
# An alert whose sender died is due after the sender's lease of 30 s; then one message a second.
ALERTS_DEADLINE_S = 75.0
READY_DEADLINE_S = 60.0
POLL_S = 0.02
# Tickets a second: a third of what the house takes on two cores while clients, agents and the proxy run beside it.
RATE = 40.0

T = TypeVar("T")


@dataclass(frozen=True)
class Fault:
    """`inflict` does it once and puts it into the row; `long` and `short` say how often in which form."""

    name: str
    says: str
    long: int
    short: int
    inflict: Callable[["Drill", Row], Awaitable[None]]


class Drill:
    """`async with Drill(...)`: everything runs inside and is gone afterwards."""

    def __init__(self, folder: Path, *, seed: int, short: bool) -> None:
        self.short = short
        self.rng = random.Random(seed)
        self.folder = folder
        self.slack = RudeSlack()
        self.books = Books(LeaseBook(CLAIM_LEASE_S))
        self._seed = seed
        self._running: list[asyncio.Task[None]] = []
        # What a fault has begun and watches while it strikes again.
        self.watching: list[asyncio.Task[None]] = []
        # What a fault has begun and only the end of the drill need see.
        self.followers: list[asyncio.Task[None]] = []
        # Seen so far, so that each is laid to the fault during which it came.
        self._doubles = self._repeated = self._unexplained = 0

    async def __aenter__(self) -> "Drill":
        await self.slack.start()
        self.house = House(self.folder, slack_url=self.slack.url)
        self.house.redis.start()
        self.broker = await Broker.open(self.house.redis.url)
        self.audit = Audit(self.broker)
        self.proxy = Proxy(self.house.redis.port, rng=random.Random(self._seed + 1))
        await self.proxy.start()
        for name in self.house.parts:
            self.house.start(name)
        self.http = httpx.AsyncClient(base_url=self.house.api_url, trust_env=False, timeout=10)
        self.load = Load(self.house.api_url, self.books, rate=RATE, rng=random.Random(self._seed + 2))
        self.agents = Agents(self.house.api_url, self.books, rng=random.Random(self._seed + 3))
        for name in self.house.parts:
            await self.ready(name)
        self._running = [asyncio.create_task(self.load.run()), asyncio.create_task(self.agents.run())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (running := [*self._running, *self.watching, *self.followers]):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self.load.close()
        await self.agents.close()
        await self.http.aclose()
        await self.broker.close()
        self.house.stop()
        await self.proxy.stop()
        await self.slack.stop()

    # --- waiting

    async def until(self, true: Callable[[], Awaitable[bool]], *, within_s: float) -> float | None:
        """Seconds until `true` was; None if it was not in time. A Redis that is away counts as no."""
        began = time.monotonic()
        while time.monotonic() - began < within_s:
            with suppress(Unavailable, httpx.TransportError):
                if await true():
                    return time.monotonic() - began
            await asyncio.sleep(POLL_S)
        return None

    async def ready(self, name: str) -> None:
        """The API answers, or the worker has reported in (with its model, if it has one). Raises RuntimeError with its last words."""

        async def api_answers() -> bool:
            return (await self.http.get("/livez")).status_code == 200

        async def worker_reports() -> bool:
            report = await self.report_of(name)
            return report is not None and report.model == "ready"

        waited_s = await self.until(api_answers if name == API else worker_reports, within_s=READY_DEADLINE_S)
        if waited_s is None:
            raise RuntimeError(
                f"{name} was not ready within {READY_DEADLINE_S:.0f} s:\n{self.house.parts[name].words()[-2000:]}"
            )

    async def report_of(self, name: str) -> WorkerReport | None:
        """The newest word of a worker about itself."""
        pid = self.house.parts[name].pid
        reports = (await self.broker.health.check()).workers
        return next((report for report in reports if f"-{pid}-" in report.worker_id), None)

    async def restart(self, *names: str, jumping: bool = False, **environment: str) -> None:
        """A clean stop and a start with other settings, ready when it returns."""
        for name in names:
            self.house.ask_to_stop(name)
        for name in names:
            while self.house.parts[name].is_running:  # noqa: ASYNC110 - a process sets no event
                await asyncio.sleep(POLL_S)
            self.house.parts[name].environment = environment
            self.house.parts[name].jumping = jumping and name != API
            self.house.start(name)
        for name in names:
            await self.ready(name)

    # --- measuring

    async def in_flight(self) -> int:
        """Tickets pending, in work or in agents' hands."""
        sizes = await self.audit.sizes()
        return sizes["pending"] + sizes["processing"] + sizes["claimed"]

    async def judged(self, ids: Iterable[str]) -> bool:
        """None of these waits for a worker any more."""
        statuses = [(await self.audit.record(ticket_id, "status"))[0] for ticket_id in ids]
        return not {"pending", "processing"} & set(statuses)

    async def all_judged(self) -> bool:
        sizes = await self.audit.sizes()
        return sizes["pending"] + sizes["processing"] == 0

    async def watched(self) -> None:
        """Everything that the fault watched has come to its end."""
        await asyncio.gather(*self.watching)
        self.watching.clear()

    async def settle(self, row: Row) -> float:
        """No new tickets until all are judged; how long that took. Then the books are compared."""
        began = time.monotonic()
        async with self.load.quiet():
            waited_s = await self.until(self.all_judged, within_s=RECOVERY_DEADLINE_S)
            recovery_s = time.monotonic() - began
            if waited_s is None:
                sizes = await self.audit.sizes()
                row.stuck += sizes["pending"] + sizes["processing"]
                row.failures.append(f"not everything was judged within {RECOVERY_DEADLINE_S:.0f} s: {sizes}")
            await self.compare(row)
        return recovery_s

    async def compare(self, row: Row) -> None:
        """The house's numbers against the books. No client's request is under way."""
        findings = await self.audit.look(self.books)
        row.lost += len(findings.lost)
        row.failures += findings.sentences()
        stats = (await self.http.get("/stats")).json()
        if not stats["balanced"]:
            row.failures.append(f"the conservation line does not hold: {stats['conservation']}")
        if stats["conservation"]["accepted"] != len(self.books.accepted):
            row.failures.append(
                f"{stats['conservation']['accepted']} accepted, {len(self.books.accepted)} acknowledged"
            )
        doubles = self.books.leases.doubles()[self._doubles :]
        self._doubles += len(doubles)
        row.doubly_leased += len(doubles)
        row.failures += [f"leased twice at once: {earlier} and {later}" for earlier, later in doubles]
        row.failures += self.books.failures
        self.books.failures.clear()
        explained, unexplained = self.slack.duplicates()
        row.alerts_repeated += explained + unexplained - self._repeated
        self._repeated = explained + unexplained
        if unexplained > self._unexplained:
            row.failures.append(f"{unexplained - self._unexplained} alerts were repeated without saying so")
        self._unexplained = unexplained

    async def finish(self, report: Report) -> None:
        """Everything is resolved by the agents, every alert delivered, and the books are closed."""
        row = Row("end", "at the end")
        await asyncio.gather(*self.followers)
        await self.settle(row)
        async with self.load.quiet():

            async def all_resolved() -> bool:
                sizes = await self.audit.sizes()
                return sum(sizes.values()) == sizes["resolved"] + sizes["folded"] + sizes["dead"]

            if await self.until(all_resolved, within_s=RECOVERY_DEADLINE_S + CLAIM_LEASE_S) is None:
                row.failures.append(f"not everything was resolved: {await self.audit.sizes()}")

            async def all_told() -> bool:
                return bool((await self.broker.stats.snapshot()).alerts_waiting == 0)

            if await self.until(all_told, within_s=ALERTS_DEADLINE_S) is None:
                row.failures.append("alerts still wait to be delivered")
            async with self.agents.away():
                await self.compare(row)
                await self._close_books(report, row)
        report.failures += row.failures

    async def _close_books(self, report: Report, row: Row) -> None:
        findings = await self.audit.look(self.books)
        await self.audit.check_answers(self.books, findings)
        row.failures += self.books.failures
        due, refused = await self.audit.alerts(findings)
        missing = alerts_missing(due, refused, self.slack)
        if missing:
            row.failures.append(f"{len(missing)} alerts were never delivered: {', '.join(missing[:5])}")
        for name in (API, *WORKERS):
            if "Traceback" in self.house.parts[name].words():
                row.failures.append(f"{name} logged an unexpected exception")
        explained, unexplained = self.slack.duplicates()
        report.conservation = (await self.broker.stats.snapshot()).conservation
        report.totals = {
            "retries of clients": self.books.retries,
            "of them replayed": self.books.replays,
            "leases": self.books.leases.count,
            "late answers refused": self.books.late_refused,
            "alerts": len(due),
            "refused by Slack for good": len(refused),
            "alerts repeated and saying so": explained,
            "repeated without": unexplained,
        }
