"""`python -m worker` as a process: started, killed, stopped, misconfigured."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from broker import Broker
from broker.records import NewTicket, Status

ROOT = Path(__file__).parents[2]
StartWorker = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start_worker(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[StartWorker]:
    started: list[subprocess.Popen[str]] = []

    def start(**environment: str) -> "subprocess.Popen[str]":
        settings = {"REDIS_URL": redis_url, "NAMESPACE": namespace, "ENGINE": "stub", "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [sys.executable, "-m", "worker"],
            env={**os.environ, **settings, **environment},
            cwd=tmp_path,  # no .env of the developer's
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
async def broker(redis_url: str, namespace: str) -> AsyncIterator[Broker]:
    broker = await Broker.open(redis_url, namespace=namespace, processing_lease_s=1)
    yield broker
    await broker.close()


async def finished(broker: Broker, ids: list[str]) -> set[Status]:
    return {(await broker.listing.wait_finished(ticket_id, 30)).status for ticket_id in ids}


async def post(broker: Broker, count: int, text: str = "matter") -> list[str]:
    return [(await broker.intake.submit(NewTicket(subject=f"{text} {n}"))).ticket_id for n in range(count)]


async def test_it_judges_and_stops_cleanly(start_worker: StartWorker, broker: Broker) -> None:
    worker = start_worker()
    assert await finished(broker, await post(broker, 5)) == {Status.COMPLETED}
    assert len((await broker.health.check()).workers) == 1
    worker.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(worker.wait, 15) == 0
    assert (await broker.health.check()).workers == [], "it took its leave"


async def test_killed_mid_stream_nothing_is_lost(start_worker: StartWorker, broker: Broker) -> None:
    lease = {"PROCESSING_LEASE_SECONDS": "1"}
    survivor = start_worker(**lease)
    await finished(broker, await post(broker, 1, "warm-up"))
    ids: list[str] = []
    for round_ in range(4):
        victim = start_worker(**lease)
        while len((await broker.health.check()).workers) < 2:
            await asyncio.sleep(0.05)
        ids += await post(broker, 60, f"round {round_} matter")
        victim.kill()
        await asyncio.to_thread(victim.wait)
        await broker.store.command("DEL", broker.store.keys.name("workers_seen"))
    assert await finished(broker, ids) <= {Status.COMPLETED, Status.MASTER_INCIDENT}
    stats = await broker.stats.snapshot()
    assert stats.balanced and stats.conservation["accepted"] == 241 and stats.conservation["dead"] == 0
    assert survivor.poll() is None


async def test_the_model_process_goes_with_a_killed_worker(start_worker: StartWorker, broker: Broker) -> None:
    worker = start_worker(ENGINE="minilm")
    model_pid = None
    async with asyncio.timeout(60):
        while model_pid is None:
            reports = (await broker.health.check()).workers
            model_pid = reports[0].model_pid if reports else None
            await asyncio.sleep(0.05)
    model = psutil.Process(model_pid)
    worker.kill()
    await asyncio.to_thread(worker.wait)
    await asyncio.to_thread(model.wait, 20)
    assert not psutil.pid_exists(model_pid)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("REDIS_URL", "", "REDIS_URL is not set"),
        ("REDIS_URL", "ftp://x", "cannot start"),
        ("ENGINE", "gpt", "ENGINE"),
        ("URGENCY_WEBHOOK_THRESHOLD", "7", "URGENCY_WEBHOOK_THRESHOLD"),
        ("AGENTS", "nobody", "AGENTS"),
        ("SLACK_WEBHOOK_URL", "http://example.com/secret-part", "cannot start"),
    ],
)
async def test_a_wrong_setting_is_one_sentence(start_worker: StartWorker, name: str, value: str, said: str) -> None:
    worker = start_worker(**{name: value})
    _, errors = await asyncio.to_thread(worker.communicate, timeout=30)
    assert worker.returncode == 2 and said in errors
    assert "Traceback" not in errors and "secret-part" not in errors
