"""The model process, with real processes and real signals."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest
import uvloop

from ml.job import EngineFactory, judging
from ml.messages import ModelAway, ModelBusy, ModelFailed
from ml.patience import Patience
from ml.process import ModelProcess
from ml.spec import EngineSpec
from ml.verdict import TicketText, Verdict
from tests.ml import fault_engines
from tests.ml.waiting import PATIENCE_S, until

ROOT = Path(__file__).parents[2]
SPEC = EngineSpec(engine="stub")
QUICK = Patience(silence_s=0.3, load_s=60, retry_first_s=0.01, retry_cap_s=0.05)
PLAIN = TicketText(subject="Where is my invoice?")
# Long enough for any machine; tests of deadlines name their own.
DEADLINE_S = 20.0


@asynccontextmanager
async def running(
    factory: EngineFactory = fault_engines.scripted, patience: Patience = QUICK, spec: EngineSpec = SPEC
) -> AsyncIterator[tuple[ModelProcess[TicketText, Verdict], list[str]]]:
    losses: list[str] = []
    process = ModelProcess(judging(factory, spec), on_loss=losses.append, patience=patience)
    process.start()
    try:
        yield process, losses
    finally:
        await process.stop()


async def ready_pid(process: ModelProcess[TicketText, Verdict]) -> int:
    async with asyncio.timeout(PATIENCE_S):
        await process.wait_ready()
    pid = process.pid
    assert pid is not None
    return pid


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)


async def test_it_judges_and_stop_leaves_no_process() -> None:
    async with running() as (process, losses):
        assert process.state == "loading"
        with pytest.raises(ModelAway, match="still loading"):
            await process.judge([PLAIN], DEADLINE_S)
        pid = await ready_pid(process)
        answer = await process.judge([PLAIN, PLAIN], DEADLINE_S)
        assert [verdict.category for verdict in answer.verdicts] == ["Billing", "Billing"]
        assert answer.elapsed_ms >= 0
        assert process.engine is not None and process.engine.name == "scripted"
        assert pid != os.getpid() and is_running(pid)
    assert not psutil.pid_exists(pid), "dead and reaped, no zombie"
    assert process.pid is None and losses == []
    with pytest.raises(ModelAway, match="stopped"):
        await process.judge([PLAIN], DEADLINE_S)


async def test_killed_in_the_middle_of_a_batch_it_is_replaced() -> None:
    async with running() as (process, losses):
        pid = await ready_pid(process)
        asked = asyncio.create_task(process.judge([TicketText(subject="sleep 60")], DEADLINE_S))
        await until(lambda: psutil.Process(pid).num_threads() > 0 and not process._idle.is_set(), "the batch is out")
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ModelFailed, match=r"died \(signal 9\)"):
            await asked
        await until(lambda: losses != [], "the loss is told")
        assert losses == ["the model process died (signal 9)"]
        assert await ready_pid(process) != pid
        assert len((await process.judge([PLAIN], DEADLINE_S)).verdicts) == 1


async def test_killed_while_idle_it_is_replaced() -> None:
    async with running() as (process, losses):
        pid = await ready_pid(process)
        os.kill(pid, signal.SIGKILL)
        await until(lambda: process.pid not in (None, pid) and process.state == "ready", "a new process")
        assert losses == ["the model process died (signal 9)"]


async def test_a_process_that_exits_by_itself_is_told_with_its_code() -> None:
    async with running() as (process, _losses):
        await ready_pid(process)
        with pytest.raises(ModelFailed, match="exit code 7"):
            await process.judge([TicketText(subject="exit 7")], DEADLINE_S)


async def test_a_stopped_process_is_killed_and_replaced() -> None:
    async with running() as (process, losses):
        pid = await ready_pid(process)
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(ModelFailed, match="no answer within 50 ms"):
            await process.judge([PLAIN], 0.05)
        with pytest.raises(ModelBusy):
            await process.judge([PLAIN], DEADLINE_S)
        await until(lambda: process.pid not in (None, pid) and process.state == "ready", "a new process")
        assert not psutil.pid_exists(pid)
        assert len(losses) == 1 and "hung (no answer for" in losses[0]


async def test_a_late_answer_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ml.process")
    async with running(patience=Patience(silence_s=60)) as (process, losses):
        pid = await ready_pid(process)
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(ModelFailed):
            await process.judge([PLAIN, PLAIN, PLAIN], 0.05)
        os.kill(pid, signal.SIGCONT)
        async with asyncio.timeout(PATIENCE_S):
            await process.wait_idle()
        assert "late answer to batch 1 dropped" in caplog.text
        assert len((await process.judge([PLAIN], DEADLINE_S)).verdicts) == 1, "not the three of before"
        assert process.pid == pid and losses == []


async def test_a_cancelled_caller_leaves_the_process_usable() -> None:
    async with running(patience=Patience(silence_s=60)) as (process, losses):
        pid = await ready_pid(process)
        asked = asyncio.create_task(process.judge([TicketText(subject="sleep 0.2")], DEADLINE_S))
        await until(lambda: not process._idle.is_set(), "the batch is out")
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await process.wait_idle()
        assert len((await process.judge([PLAIN], DEADLINE_S)).verdicts) == 1
        assert process.pid == pid and losses == []


async def test_an_engine_that_raises_fails_its_batch_only_and_quotes_nobody() -> None:
    async with running() as (process, losses):
        pid = await ready_pid(process)
        with pytest.raises(ModelFailed) as caught:
            await process.judge([TicketText(subject="raise", body="my card is 4111")], DEADLINE_S)
        assert str(caught.value) == "the engine raised ValueError"
        with pytest.raises(ModelFailed, match="can't be sent"):
            await process.judge([TicketText(subject="unpicklable")], DEADLINE_S)
        assert len((await process.judge([PLAIN], DEADLINE_S)).verdicts) == 1
        assert process.pid == pid and losses == []


async def test_a_batch_larger_than_the_pipe_to_a_stopped_child_does_not_block_the_loop() -> None:
    huge = [TicketText(body="x" * 2_000_000)] * 8
    async with running(patience=Patience(silence_s=60, retry_first_s=0.01)) as (process, _losses):
        pid = await ready_pid(process)
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(ModelFailed, match="no answer"):
            await process.judge(huge, 0.05)
        os.kill(pid, signal.SIGCONT)
        await process.wait_idle()
        assert len((await process.judge(huge, DEADLINE_S)).verdicts) == 8
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(ModelFailed, match="no answer"):
            await process.judge(huge, 0.05)
    assert not psutil.pid_exists(pid), "stop() ends a stopped child with a batch half written"


@pytest.mark.parametrize(
    ("factory", "reason"),
    [
        (fault_engines.missing, "there is no model here; install one"),
        (fault_engines.broken, "the engine failed to load: RuntimeError: header too small"),
        (fault_engines.dies_loading, "the model process ended by itself (exit code 3)"),
        (lambda _spec: fault_engines.ScriptedEngine(), "the model process failed"),
    ],
)
async def test_a_model_that_does_not_load_is_tried_again_and_says_why(factory: EngineFactory, reason: str) -> None:
    async with running(factory) as (process, losses):
        await until(lambda: process._losses >= 2, "a second try")
        assert reason in str(process.reason)
        assert process.state != "ready" and losses == []


async def test_a_model_that_comes_back_is_found(tmp_path: Path) -> None:
    file = tmp_path / "model"
    async with running(fault_engines.needs_file, spec=EngineSpec(engine="stub", zero_shot_model=str(file))) as (
        process,
        _,
    ):
        await until(lambda: process._losses >= 1, "a first try")
        file.touch()
        await ready_pid(process)
        assert process.reason is None


async def test_a_load_that_hangs_is_ended() -> None:
    async with running(fault_engines.never_loads, Patience(load_s=0.05, retry_first_s=60)) as (process, _losses):
        await until(lambda: process._losses == 1, "the first process is given up")
        assert process.reason == "the model was not loaded within 0.05 s"


async def test_stop_right_after_start_leaves_no_process() -> None:
    for _ in range(3):
        async with running(fault_engines.never_loads) as (process, _losses):
            pass
        assert process.pid is None
    assert [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())] == []


async def test_ctrl_c_does_not_reach_the_model() -> None:
    async with running() as (process, losses):
        pid = await ready_pid(process)
        os.kill(pid, signal.SIGINT)
        assert len((await process.judge([PLAIN], DEADLINE_S)).verdicts) == 1
        assert process.pid == pid and losses == []


async def _round_trip() -> None:
    async with running() as (process, losses):
        pid = await ready_pid(process)
        assert len((await process.judge([PLAIN] * 3, DEADLINE_S)).verdicts) == 3
        os.kill(pid, signal.SIGKILL)
        await until(lambda: losses != [], "the loss is told")
        await ready_pid(process)
        assert len((await process.judge([PLAIN], DEADLINE_S)).verdicts) == 1


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_it_runs_on_either_loop(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_round_trip())


_PARENT = """
import asyncio, sys
from ml.job import judging
from ml.process import ModelProcess
from ml.spec import EngineSpec
from ml.verdict import TicketText
from tests.ml import fault_engines

async def main():
    process = ModelProcess(judging(fault_engines.scripted, EngineSpec(engine="stub")))
    process.start()
    await process.wait_ready()
    asyncio.ensure_future(process.judge([TicketText(subject="sleep 60")], 60))
    await asyncio.sleep(0)
    print(process.pid, flush=True)
    await asyncio.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.parametrize("stopped", [False, True], ids=["at work", "stopped"])
def test_a_killed_parent_leaves_no_child(stopped: bool) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    family: list[psutil.Process] = []
    try:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        family = psutil.Process(parent.pid).children(recursive=True)
        assert child in family
        if stopped:
            child.suspend()
        parent.kill()
        parent.wait()
        asyncio.run(until(lambda: not any(is_running(member.pid) for member in family), "no orphan is left"))
    finally:
        for member in [parent, *family]:  # Also after a failure: an orphan would hold the output open.
            with suppress(psutil.NoSuchProcess):
                member.kill()
        parent.communicate()
