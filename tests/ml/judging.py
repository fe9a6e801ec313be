"""A judge on a scripted engine in a process of its own, and short ways to look at it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ml.breaker import BreakerConfig
from ml.job import EngineFactory
from ml.judge import Judge, Judgement
from ml.patience import Patience
from ml.spec import EngineSpec
from ml.verdict import TicketText
from tests.ml import fault_engines
from tests.ml.waiting import PATIENCE_S

SPEC = EngineSpec(engine="stub")
QUICK = Patience(silence_s=0.3, load_s=60, retry_first_s=0.01, retry_cap_s=0.05)
SHORT = BreakerConfig(open_s=0.05, open_cap_s=0.2)
# Open for good, as far as a test is concerned.
LONG = BreakerConfig(open_s=3_600, open_cap_s=3_600)
# "Within a second" on a machine that runs other tests at the same time.
SECOND_S = 1.25

PLAIN = TicketText(subject="Where is my invoice?")
BATCH = [
    TicketText(subject="Where is my invoice?"),
    TicketText(subject="Error 502"),
    TicketText(subject="GDPR request"),
]


@asynccontextmanager
async def open_judge(
    factory: EngineFactory = fault_engines.scripted,
    breaker: BreakerConfig = SHORT,
    patience: Patience = QUICK,
    *,
    wait: bool = True,
) -> AsyncIterator[Judge]:
    judge = Judge(SPEC, breaker=breaker, factory=factory, isolate=True, patience=patience)
    await judge.start()
    try:
        if wait:
            assert await judge.wait_ready(PATIENCE_S)
        yield judge
    finally:
        await judge.stop()


def engines(judgement: Judgement) -> list[str]:
    return [verdict.engine for verdict in judgement.verdicts]


def pid_of(judge: Judge) -> int:
    pid = judge.status().model_pid
    assert pid is not None
    return pid
