"""The one door into the room: a model in a child process behind the breaker, keywords otherwise. Always answers."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ml.breaker import Breaker, BreakerConfig
from ml.engines import build_engine, build_keywords
from ml.guarded import GuardedModel
from ml.job import EngineFactory
from ml.patience import Patience
from ml.process import ModelState
from ml.roles import guarded_judge
from ml.spec import EngineSpec
from ml.taught import Taught
from ml.verdict import Engine, Evidence, TicketText, Verdict

# Engines that run in the worker's own process: pure Python, bounded by the length of a text, nothing native that could
# hang or crash. A child would add two process starts and a pipe and protect from nothing.
IN_PROCESS = ("keywords", "stub")
# Keywords take about a millisecond a ticket; between groups of this many the event loop gets its turn.
YIELD_EVERY_TEXTS = 8
# Evidence kept in this process as a counterweight to corrections: 2 kB each.
MOST_SEEN = 1_000


@dataclass(frozen=True, slots=True)
class Judgement:
    """One verdict a text, in order. `degraded`: keywords stood in for a configured model, for the texts in `stood_in`
    (indices) and for `reason`. `elapsed_ms` leaves out the wait for earlier batches."""

    verdicts: list[Verdict]
    degraded: bool
    elapsed_ms: float
    reason: str | None
    stood_in: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class JudgeStatus:
    """`since`: when the breaker entered its state. `engine` is the configured one until a model has been loaded."""

    breaker: str
    reason: str | None
    since: datetime
    engine: str
    model_version: str
    model: ModelState
    model_pid: int | None


class Judge:
    """`isolate` True puts any engine but keywords into the child process, False none; None decides by engine.

    `factory` must be importable by name where the engine is isolated. `clock` gives monotonic seconds.
    """

    def __init__(
        self,
        spec: EngineSpec,
        *,
        breaker: BreakerConfig | None = None,
        factory: EngineFactory = build_engine,
        isolate: bool | None = None,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spec = spec
        self._clock = clock
        self._breaker = Breaker(breaker or BreakerConfig(), clock=clock)
        self._keywords = build_keywords(spec)
        in_process = spec.engine in IN_PROCESS if isolate is None else not isolate
        self._taught: Taught | None = None
        self._seen: deque[Evidence] = deque(maxlen=MOST_SEEN)
        self._local: Engine | None = None
        self._model: GuardedModel[TicketText, Verdict] | None = None
        if spec.engine == "keywords":
            self._local = self._keywords
        elif in_process:
            self._local = factory(spec)
        else:
            self._model = guarded_judge(spec, self._breaker, factory=factory, patience=patience, clock=clock)

    @property
    def labels(self) -> tuple[str, ...]:
        """The label set that verdicts choose from."""
        return self._spec.labels

    @property
    def label_set(self) -> str:
        """What the spaces of all engines on this label set end in."""
        return self._spec.label_set

    @property
    def space(self) -> str | None:
        """The space of the newest evidence; None before there was any."""
        return self._seen[-1].space if self._seen else None

    @property
    def seen(self) -> list[Evidence]:
        """The newest evidence of this process, oldest first, all of one space."""
        return [evidence for evidence in self._seen if evidence.space == self.space]

    def teach(self, taught: Taught | None) -> None:
        """From now on verdicts follow this version of what was learned; their evidence stays what the model alone said."""
        self._taught = taught

    async def start(self) -> None:
        """Returns at once; keywords judge until the model is warm."""
        if self._model:
            self._model.start()

    async def stop(self) -> None:
        """The model's process is gone when this returns. Keywords judge from here on."""
        if self._model:
            await self._model.stop()

    async def wait_ready(self, timeout_s: float) -> bool:
        """True as soon as the configured engine judges; False if it doesn't within `timeout_s` seconds."""
        if self._model:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._model.wait_ready()
            except TimeoutError:
                return False
        return True

    async def judge(self, texts: Sequence[TicketText]) -> Judgement:
        """A verdict for every text within about a second, whatever the model does.

        The second is longer only where `slow_ms` itself allows a call more.
        """
        began_s = self._clock()
        if self._model is None:
            verdicts = await self._judge_here(self._local or self._keywords, texts)
            return Judgement(self._corrected(verdicts), False, (self._clock() - began_s) * 1000, None)
        asked = await self._model.judge(texts)
        missing = [index for index in range(len(texts)) if index not in asked.verdicts]
        stand_ins = await self._judge_here(self._keywords, [texts[index] for index in missing])
        by_index = asked.verdicts | dict(zip(missing, stand_ins, strict=True))
        return Judgement(
            verdicts=self._corrected([by_index[index] for index in range(len(texts))]),
            degraded=bool(missing),
            elapsed_ms=(self._clock() - began_s) * 1000 - asked.queued_ms,
            reason=asked.reason if missing else None,
            stood_in=frozenset(missing),
        )

    def status(self) -> JudgeStatus:
        breaker = self._breaker.status()
        since = datetime.now(UTC) - timedelta(seconds=self._clock() - breaker.since_s)
        if self._model is None:
            local = self._local or self._keywords
            return JudgeStatus(breaker.state.value, None, since, local.name, local.version, "ready", None)
        engine = self._model.engine
        return JudgeStatus(
            breaker=breaker.state.value,
            reason=self._model.reason or breaker.reason,
            since=since,
            engine=engine.name if engine else self._spec.engine,
            model_version=engine.version if engine else "",
            model=self._model.state,
            model_pid=self._model.pid,
        )

    def _corrected(self, verdicts: list[Verdict]) -> list[Verdict]:
        self._seen.extend(verdict.evidence for verdict in verdicts if verdict.evidence)
        taught = self._taught
        return [taught.correct(verdict) for verdict in verdicts] if taught else verdicts

    async def _judge_here(self, engine: Engine, texts: Sequence[TicketText]) -> list[Verdict]:
        verdicts: list[Verdict] = []
        for start in range(0, len(texts), YIELD_EVERY_TEXTS):
            verdicts += engine.judge(list(texts[start : start + YIELD_EVERY_TEXTS]))
            await asyncio.sleep(0)
        return verdicts
