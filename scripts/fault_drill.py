"""One drill: the house, its clients and its agents, and what every fault may ask of them."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from broker import Broker
from broker.errors import Unavailable
from broker.presence import WorkerReport
from scripts.fault_agents import Agents
from scripts.fault_audit import Audit
from scripts.fault_books import Books
from scripts.fault_house import API, CLAIM_LEASE_S, STOP_DEADLINE_S, House
from scripts.fault_leases import LeaseBook
from scripts.fault_load import Load
from scripts.fault_proxy import Proxy
from scripts.fault_reckoning import Reckoning
from scripts.fault_slack import RudeSlack
from scripts.fault_table import Row

# The stated time: after a fault has ended, everything accepted is judged within it. A worker's lease (2 s), a sweep, a lost
# connection noticed by its time-out (5 s), and the start of a process on a machine that is busy with this very drill.
RECOVERY_DEADLINE_S = 20.0
# An alert whose sender died is due after the sender's lease of 30 s; then one message a second.
ALERTS_DEADLINE_S = 75.0
READY_DEADLINE_S = 60.0
POLL_S = 0.02
REQUEST_TIMEOUT_S = 10.0
# Tickets a second: a third of what the house takes on two cores while clients, agents and the proxy run beside it.
RATE = 40.0


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

    async def __aenter__(self) -> "Drill":
        async with AsyncExitStack() as stack:
            await self._open(stack)
            # From here on they are `__aexit__`'s to close; a start that failed or was stopped half way closes them now.
            self._opened = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()

    async def _open(self, stack: AsyncExitStack) -> None:
        await self.slack.start()
        stack.push_async_callback(self.slack.stop)
        self.house = House(self.folder, slack_url=self.slack.url)
        stack.callback(self.house.stop)
        self.house.redis.start()
        self.broker = await Broker.open(self.house.redis.url)
        stack.push_async_callback(self.broker.close)
        self.audit = Audit(self.broker)
        self.reckoning = Reckoning(self.audit, self.books, self.slack)
        self.proxy = Proxy(self.house.redis.port, rng=random.Random(self._seed + 1))
        await self.proxy.start()
        stack.push_async_callback(self.proxy.stop)
        for name in self.house.parts:
            self.house.start(name)
        self.http = httpx.AsyncClient(base_url=self.house.api_url, trust_env=False, timeout=REQUEST_TIMEOUT_S)
        self.load = Load(self.house.api_url, self.books, rate=RATE, rng=random.Random(self._seed + 2))
        self.agents = Agents(self.house.api_url, self.books, rng=random.Random(self._seed + 3))
        for close in (self.http.aclose, self.load.close, self.agents.close, self._stop_running):
            stack.push_async_callback(close)
        for name in self.house.parts:
            await self.ready(name)
        self._running = [asyncio.create_task(self.load.run()), asyncio.create_task(self.agents.run())]

    async def _stop_running(self) -> None:
        running = [*self._running, *self.watching, *self.followers]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

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

    async def restart(self, *names: str, prelude: str = "", **environment: str) -> None:
        """A clean stop and a start with other settings, ready when it returns. `prelude` is Python text that runs first in them."""
        for name in names:
            self.house.ask_to_stop(name)
        for name in names:
            give_up = time.monotonic() + STOP_DEADLINE_S
            while self.house.parts[name].is_running and time.monotonic() < give_up:  # noqa: ASYNC110 - a process sets no event
                await asyncio.sleep(POLL_S)
            if self.house.parts[name].is_running:
                self.books.fail(f"{name} did not stop within {STOP_DEADLINE_S:.0f} s of SIGTERM")
                self.house.kill(name)
            self.house.parts[name].environment = environment
            self.house.parts[name].prelude = prelude
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
            await self.reckoning.compare(row, await self.stats())
        return recovery_s

    async def stats(self) -> dict[str, Any]:
        """GET /stats, asked again after a 503: a connection that died with Redis may be found out only when it is used."""
        answers: list[httpx.Response] = []

        async def answered() -> bool:
            answers.append(await self.http.get("/stats"))
            return answers[-1].status_code == 200

        if await self.until(answered, within_s=RECOVERY_DEADLINE_S) is None:
            raise RuntimeError(f"GET /stats gave no numbers within {RECOVERY_DEADLINE_S:.0f} s")
        found: dict[str, Any] = answers[-1].json()
        return found
