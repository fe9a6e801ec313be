"""Whatever the model does behind the door: killed, hung, late, slow or talking nonsense, tickets are judged and it comes back."""

import asyncio
import os
import signal
import time
from dataclasses import replace

import pytest

from ml.patience import Patience
from ml.suspects import CONVICTED_AT
from ml.verdict import TicketText
from tests.ml.judging import BATCH, LONG, PLAIN, SECOND_S, SHORT, engines, open_judge, pid_of
from tests.ml.waiting import PATIENCE_S, until


async def test_killed_in_the_middle_of_a_batch_keywords_answer_and_the_model_comes_back() -> None:
    async with open_judge() as judge:
        pid = pid_of(judge)
        asked = asyncio.create_task(judge.judge([TicketText(subject="sleep 60")]))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        judgement = await asked
        assert engines(judgement) == ["keywords"] and judgement.degraded
        assert judgement.reason == "the model process died (signal 9)"
        assert judge.status().breaker == "open"
        assert "the model process died (signal 9)" in str(judge.status().reason)
        assert await judge.wait_ready(PATIENCE_S)
        assert judge.status().breaker == "closed" and pid_of(judge) != pid
        assert engines(await judge.judge([PLAIN])) == ["scripted"]


async def test_while_the_breaker_is_open_keywords_answer_at_once() -> None:
    async with open_judge(breaker=LONG) as judge:
        pid = pid_of(judge)
        os.kill(pid, signal.SIGKILL)
        await until(lambda: judge.status().model == "ready" and judge.status().model_pid != pid, "a new process")
        judgement = await judge.judge(BATCH)
        assert judge.status().breaker == "open"
        assert judgement.degraded and judgement.reason == "the model process died (signal 9)"
        assert await judge.wait_ready(0.01) is False


async def test_a_hung_model_costs_one_batch_a_second_and_the_next_nothing() -> None:
    async with open_judge() as judge:
        pid = pid_of(judge)
        os.kill(pid, signal.SIGSTOP)
        began_s = time.monotonic()
        first = await judge.judge(BATCH)
        assert time.monotonic() - began_s < SECOND_S
        assert engines(first) == ["keywords"] * 3 and "no answer within" in str(first.reason)
        second = await judge.judge(BATCH)
        assert engines(second) == ["keywords"] * 3
        assert second.elapsed_ms < 100, "nobody waits for a process that is known to be late"
        await until(lambda: judge.status().model_pid not in (None, pid), "it is replaced")
        assert await judge.wait_ready(PATIENCE_S)
        assert engines(await judge.judge([PLAIN])) == ["scripted"]


async def test_a_late_answer_is_not_taken_for_the_next_batch() -> None:
    async with open_judge(patience=Patience(silence_s=60)) as judge:
        pid = pid_of(judge)
        os.kill(pid, signal.SIGSTOP)
        assert (await judge.judge(BATCH)).degraded
        os.kill(pid, signal.SIGCONT)
        await until(lambda: judge._model is not None and judge._model._process._idle.is_set(), "the late answer")
        judgement = await judge.judge([PLAIN])
        assert engines(judgement) == ["scripted"] and len(judgement.verdicts) == 1
        assert pid_of(judge) == pid and judge.status().breaker == "closed", "one miss is no illness"


async def test_a_slow_model_opens_the_breaker_and_its_verdicts_still_count() -> None:
    async with open_judge(breaker=replace(LONG, slow_ms=20)) as judge:
        for _ in range(4):
            assert engines(await judge.judge([TicketText(subject="sleep 0.04")])) == ["scripted"]
        assert judge.status().breaker == "open"
        assert judge.status().reason == "4 of the last 4 calls were slower than 20 ms"
        assert engines(await judge.judge([PLAIN])) == ["keywords"]


async def test_a_probe_that_is_sound_again_closes_the_breaker() -> None:
    async with open_judge(breaker=replace(SHORT, slow_ms=20)) as judge:
        await judge.judge([PLAIN])
        for _ in range(4):
            await judge.judge([TicketText(subject="nan")])
        assert judge.status().breaker != "closed"
        assert await judge.wait_ready(PATIENCE_S)
        assert engines(await judge.judge([PLAIN])) == ["scripted"]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("too few", "the model gave 0 verdicts for 1 texts"),
        ("nan", "the model gave a urgency score outside 0 to 1"),
        ("unknown label", "the model named a category outside the label set"),
        ("none", "the model's answer is no list of verdicts"),
        ("unpicklable", "the engine's answer can't be sent between processes"),
        ("raise", "the engine raised ValueError"),
    ],
)
async def test_garbage_counts_as_failure_and_keywords_answer(command: str, reason: str) -> None:
    async with open_judge(breaker=LONG) as judge:
        for _ in range(4):
            judgement = await judge.judge([TicketText(subject=command)])
            assert engines(judgement) == ["keywords"]
            assert judgement.degraded and judgement.reason == reason
        assert judge.status().breaker == "open"
        assert judge.status().reason == f"4 of the last 4 calls failed, the latest because {reason}"


async def test_a_text_that_kills_the_model_is_soon_kept_from_it() -> None:
    evil = TicketText(subject="exit 9")
    async with open_judge() as judge:
        for _ in range(CONVICTED_AT):
            assert (await judge.judge([PLAIN, evil, PLAIN])).degraded
            await until(lambda: judge.status().breaker != "closed", "the loss is noticed")
            assert await judge.wait_ready(PATIENCE_S)
        pid = pid_of(judge)
        judgement = await judge.judge([PLAIN, evil, PLAIN])
        assert engines(judgement) == ["scripted", "keywords", "scripted"]
        assert judgement.stood_in == {1} and "twice" in str(judgement.reason)
        assert pid_of(judge) == pid
