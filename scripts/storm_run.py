"""A storm from the first look at the house to the last count: look, watch, send, drain, account, report."""

import asyncio
import gc
import random
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console

from scripts.storm_account import Account, account, drained
from scripts.storm_agents import Agents
from scripts.storm_books import Books
from scripts.storm_display import Display
from scripts.storm_findings import Sending, findings
from scripts.storm_hostile import Hostility
from scripts.storm_plan import Plan
from scripts.storm_report import Report
from scripts.storm_sample import Sample
from scripts.storm_schedule import arrivals
from scripts.storm_senders import Sender
from scripts.storm_target import CannotRun, Target
from scripts.storm_texts import PROFILES
from scripts.storm_watch import Look, Watch, look
from scripts.storm_wire import Pool

# For /stats while it rains and the look-ups after it: enough to keep the house busy, no crowd.
SIDE_CONNECTIONS = 16
# The house may be slow to say how it stands in the worst of the storm. Longer than an agent's poll, too.
SIDE_TIMEOUT_S = 30.0


class Storm:
    """`run` once."""

    def __init__(self, plan: Plan, target: Target, *, ceiling_per_s: float | None = None) -> None:
        seed = plan.seed if plan.seed is not None else secrets.randbits(32)
        self._rng = random.Random(seed)
        self._plan = plan
        self._expected = plan.expected
        self._ceiling_per_s = ceiling_per_s
        # The prefix of every ticket id of this run; random also under a fixed seed, or a second run would be replayed.
        self._books = Books(f"storm-{secrets.token_hex(4)}", time.monotonic)
        self._pool = Pool(target, most=plan.connections, timeout_s=plan.timeout_s)
        self._side = Pool(target, most=SIDE_CONNECTIONS, timeout_s=SIDE_TIMEOUT_S)
        self._agents_pool = Pool(target, most=max(1, plan.agents), timeout_s=SIDE_TIMEOUT_S)
        self._watch = Watch(self._side, lambda: self._books.clock() - self._books.began)
        self._sample = Sample(target, self._books, self._progress)
        self._hostility = Hostility(target, self._rng) if plan.profile == "hostile" else None
        texts = PROFILES[plan.profile](self._rng)
        self._sender = Sender(self._pool, self._books, texts, self._sample, self._hostility, self._rng)
        self._agents = Agents(self._agents_pool, self._books, self._sample)

    async def run(self, console: Console, *, live: bool) -> Report:
        """Raises CannotRun when there is no house to fire at."""
        display = Display(console, self._books, self._watch, lambda: self._pool.in_flight)
        try:
            before = await self._first_look()
            await self._sample.start()
            if live:
                display.start()
            self._watch.start()
            self._agents.start(self._plan.agents)
            sending = await self._send()
            display.phase = "waiting until nothing waits"
            drain_s = await drained(
                self._watch,
                before,
                with_agents=self._plan.agents > 0,
                patience_s=self._plan.patience_s,
                clock=self._books.clock,
            )
            await self._agents.stop()
            display.phase = "looking up every ticket"
            counted = await self._account(before)
        finally:
            await display.stop()
            await self._watch.stop()
            await self._sample.stop()
            for pool in (self._pool, self._side, self._agents_pool):
                await pool.close()
        return findings(
            self._plan,
            self._books,
            self._sample,
            self._agents,
            self._hostility,
            self._watch.looks,
            counted,
            sending,
            drain_s=drain_s,
            knows_stats=before is not None,
        )

    def stop(self) -> None:
        """Sends no more; the rest of the run goes on."""
        self._sender.stopped.set()

    async def _first_look(self) -> Look | None:
        """None: a house that has no /stats. Raises CannotRun."""
        answer = await self._side.fetch("GET", "/livez")
        if answer.trouble:
            raise CannotRun(
                f"nothing answers at {self._plan.url} ({answer.trouble}). Start it: python3 -m scripts.start"
            )
        stats = await self._side.fetch("GET", "/stats")
        if stats.status == 401:
            raise CannotRun("the house wants an API key: --api-key KEY, or API_KEY in the environment")
        return await look(self._side, 0.0)

    async def _send(self) -> Sending:
        plan, books = self._plan, self._books
        began_at = datetime.now(UTC).isoformat(timespec="seconds")
        books.begin()
        cpu_s = time.process_time()
        with _no_collection():
            if plan.clients:
                await self._sender.closed_storm(plan.clients, plan.seconds, plan.tickets)
            else:
                moments = arrivals(plan.shape, self._rng if plan.poisson else None)
                await self._sender.open_storm(moments, plan.tickets)
        self._watch.sending = False
        sending_s = max(books.last_answer - books.began, 1e-9)
        return Sending(
            began_at,
            sending_s,
            cpu=(time.process_time() - cpu_s) / sending_s,
            late=self._sender.late if not plan.clients else self._watch.loop_lag,
            stopped_early=self._sender.stopped.is_set(),
            ceiling_per_s=self._ceiling_per_s,
        )

    async def _account(self, before: Look | None) -> Account:
        made = await account(self._side, self._books, most=self._plan.check, at_once=SIDE_CONNECTIONS, rng=self._rng)
        after = await look(self._side, self._books.clock() - self._books.began)
        if before is not None and after is not None:
            made.counted = after.terms["accepted"] - before.terms["accepted"]
            made.balanced = after.balanced
        return made

    def _progress(self, at: float) -> float:
        """How much of the storm is over, 0..1: by count where one is expected, else by time."""
        if self._expected is not None:
            return self._sender.fired / self._expected
        return (at - self._books.began) / (self._plan.seconds or 1.0)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the cyclic collector, which would stop the sends for tens of milliseconds; what is made here has no cycles."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def storm(plan: Plan, target: Target, console: Console, *, live: bool, ceiling_per_s: float | None) -> Report:
    """One storm. The first Ctrl-C ends the sending, not the count; the second one raises KeyboardInterrupt. Raises CannotRun."""
    raging = Storm(plan, target, ceiling_per_s=ceiling_per_s)
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        raging.stop()
        loop.remove_signal_handler(signal.SIGINT)

    loop.add_signal_handler(signal.SIGINT, interrupted)
    try:
        return await raging.run(console, live=live)
    finally:
        loop.remove_signal_handler(signal.SIGINT)
