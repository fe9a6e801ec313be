"""The one door: a verdict for every text within about a second, from the model or from keywords, and it says which."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from ml.breaker import BreakerConfig
from ml.judge import Judge
from ml.patience import Patience
from ml.spec import EngineSpec
from ml.verdict import TicketText
from tests.ml import fault_engines
from tests.ml.judging import BATCH, LONG, PLAIN, SECOND_S, engines, open_judge, pid_of
from tests.ml.waiting import until


async def test_a_model_judges_and_nothing_is_degraded() -> None:
    async with open_judge() as judge:
        judgement = await judge.judge(BATCH)
        assert engines(judgement) == ["scripted"] * 3
        assert not judgement.degraded and judgement.reason is None and judgement.stood_in == frozenset()
        status = judge.status()
        assert (status.breaker, status.model, status.engine, status.model_version) == (
            "closed",
            "ready",
            "scripted",
            "scripted-1",
        )
        assert status.reason is None
        assert timedelta(0) <= datetime.now(UTC) - status.since < timedelta(minutes=5)
        pid = pid_of(judge)
    assert not psutil.pid_exists(pid)
    assert engines(await judge.judge([PLAIN])) == ["keywords"], "it answers even after stop()"


async def test_an_empty_batch_is_fine() -> None:
    async with open_judge() as judge:
        judgement = await judge.judge([])
        assert judgement.verdicts == [] and not judgement.degraded


async def test_keywords_stand_in_while_the_model_loads() -> None:
    async with open_judge(fault_engines.never_loads, wait=False) as judge:
        judgement = await judge.judge(BATCH)
        assert engines(judgement) == ["keywords"] * 3
        assert judgement.degraded and judgement.stood_in == {0, 1, 2}
        assert judgement.reason == "the model is still loading"
        assert judge.status().model == "loading" and judge.status().breaker == "closed"
        assert await judge.wait_ready(0.01) is False


async def test_a_missing_model_means_keywords_with_the_reason() -> None:
    async with open_judge(fault_engines.missing, patience=Patience(retry_first_s=60), wait=False) as judge:
        await until(lambda: judge.status().model == "away", "the load fails")
        judgement = await judge.judge([PLAIN])
        assert engines(judgement) == ["keywords"] and judgement.degraded
        assert judgement.reason == judge.status().reason == "there is no model here; install one"


async def test_batches_wait_their_turn_and_the_wait_is_not_held_against_the_model() -> None:
    async with open_judge(breaker=replace(LONG, slow_ms=150)) as judge:
        naps = [judge.judge([TicketText(subject="sleep 0.1")]) for _ in range(4)]
        judgements = await asyncio.gather(*naps)
        assert [engines(judgement) for judgement in judgements] == [["scripted"]] * 4
        assert all(judgement.elapsed_ms < 300 for judgement in judgements)
        assert judge.status().breaker == "closed"


async def test_a_batch_too_big_for_a_second_is_judged_in_part() -> None:
    texts = [TicketText(subject="sleep 0.2", body="word " * 250) for _ in range(12)]
    async with open_judge(breaker=LONG) as judge:
        began_s = time.monotonic()
        judgement = await judge.judge(texts)
        assert time.monotonic() - began_s < SECOND_S
        assert judgement.degraded and 0 < len(judgement.stood_in) < len(texts)
        assert "more than the model can judge within 900 ms" in str(judgement.reason)
        for index, engine in enumerate(engines(judgement)):
            assert engine == ("keywords" if index in judgement.stood_in else "scripted")
        assert judge.status().breaker == "closed", "that is no fault of the model"


@pytest.mark.parametrize("engine", ["keywords", "stub"])
async def test_a_stand_in_that_was_asked_for_is_not_degraded_and_has_no_process(engine: str) -> None:
    judge = Judge(EngineSpec(engine=engine))  # type: ignore[arg-type]
    before = psutil.Process().children(recursive=True)
    await judge.start()
    assert await judge.wait_ready(0)
    judgement = await judge.judge([PLAIN] * 20)
    assert engines(judgement) == [engine] * 20
    assert not judgement.degraded and judgement.reason is None
    status = judge.status()
    assert (status.breaker, status.model, status.engine, status.model_pid) == ("closed", "ready", engine, None)
    assert psutil.Process().children(recursive=True) == before
    await judge.stop()


async def test_the_real_model_behind_the_real_door() -> None:
    judge = Judge(EngineSpec(engine="minilm"), breaker=BreakerConfig(slow_ms=5_000))
    await judge.start()
    try:
        assert await judge.wait_ready(120), judge.status().reason
        judgement = await judge.judge(BATCH)
        assert not judgement.degraded, judgement.reason
        assert engines(judgement) == ["minilm"] * 3
        assert judge.status().model_version == judgement.verdicts[0].model_version
    finally:
        await judge.stop()
