"""Two `python -m router` on one port: whichever of them is reached serves, they count together, and one may die."""

import asyncio
import os
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect

from broker import Broker
from scripts.bench_stage import listens
from scripts.supervise import end_group, start_python
from tests.house import ROOT, free_port
from tests.router.judging import judge_all
from tests.router.live_client import ALL, address, subscribed, until

Process = subprocess.Popen[bytes]
# No test comes near it.
PATIENCE_S = 60.0
LIMIT = 100
# What a process may hold of the limit and not need: a hundredth.
PORTION = LIMIT // 100
# Posts at a time, how many go before the kill, and how many after it.
SENDERS, BEFORE, AFTER = 4, 40, 100


class Pair:
    def __init__(self, port: int, processes: list[Process]) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.one, self.other = processes

    def holder(self, local: tuple[str, int]) -> Process | None:
        """Which of the two has the other end of our connection from this address."""
        for process in (self.one, self.other):
            if process.poll() is not None:
                continue
            lines = psutil.Process(process.pid).net_connections("tcp")
            if any(line.raddr == local and line.laddr.port == self.port for line in lines):
                return process
        return None

    def answered(self, answer: httpx.Response) -> Process | None:
        """Which of the two gave an answer whose connection is still open."""
        local: tuple[str, int] = answer.extensions["network_stream"].get_extra_info("client_addr")
        return self.holder(local)


@contextmanager
def two_routers(folder: Path, redis_url: str, namespace: str, **environment: str) -> Iterator[Pair]:
    port = free_port()
    settings = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "REDIS_URL": redis_url,
        "NAMESPACE": namespace,
        "PORT": str(port),
        "API_SHARED_PORT": "true",
        "LOG_LEVEL": "warning",
    }
    processes = [
        start_python("router", environment=settings | environment, folder=folder, python=sys.executable)
        for _ in range(2)
    ]
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not all(listens(process.pid, port) for process in processes):
            assert time.monotonic() < deadline and all(process.poll() is None for process in processes)
            time.sleep(0.05)
        yield Pair(port, processes)
    finally:
        for process in processes:
            end_group(process)
            process.wait()


@pytest.fixture
def pair(tmp_path: Path, redis_url: str, namespace: str) -> Iterator[Pair]:
    with two_routers(tmp_path, redis_url, namespace) as found:
        yield found


@asynccontextmanager
async def client_of(pair: Pair, process: Process) -> AsyncIterator[httpx.AsyncClient]:
    """Its one kept connection leads to this process. The system chooses, so we ask until it has chosen that one."""
    while True:
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(base_url=pair.url, limits=limits, timeout=40, trust_env=False) as client:
            if pair.answered(await client.get("/livez")) is process:
                yield client
                return


@asynccontextmanager
async def live_of(pair: Pair, process: Process, message: dict[str, Any] = ALL) -> AsyncIterator[ClientConnection]:
    """A listener that is connected to this process."""
    while True:
        async with connect(address(pair.url), proxy=None) as live:
            if pair.holder(live.local_address) is process:
                await subscribed(live, message)
                yield live
                return


async def test_posts_polls_and_listeners_meet_across_processes(pair: Pair, broker: Broker) -> None:
    async with (
        client_of(pair, pair.one) as one,
        client_of(pair, pair.other) as other,
        live_of(pair, pair.one) as heard_by_one,
        live_of(pair, pair.other) as heard_by_other,
    ):
        for near, far, polled in ((one, other, pair.other), (other, one, pair.one)):
            polling = asyncio.create_task(far.post("/tickets/next?wait=20"))
            posted = await near.post("/tickets", json={"subject": "x"})
            ticket_id = posted.json()["ticket_id"]
            assert await judge_all(broker) == [ticket_id]
            pulled = await polling
            assert pair.answered(pulled) is polled
            assert pulled.json()["ticket_id"] == ticket_id
            ended = await near.post(
                f"/tickets/{ticket_id}/resolve", json={"lease_token": pulled.json()["lease"]["token"]}
            )
            assert ended.status_code == 200
            for live in (heard_by_one, heard_by_other):
                await until(live, ticket_id, "resolved")


async def test_when_one_is_killed_fresh_connections_reach_the_other(pair: Pair, broker: Broker) -> None:
    gone = asyncio.Event()
    before: list[tuple[str, int | None]] = []
    after: list[tuple[str, int | None]] = []

    async def post(client: httpx.AsyncClient) -> None:
        while len(after) < AFTER:
            sent = after if gone.is_set() else before
            ticket_id = uuid.uuid4().hex
            try:
                answer = await client.post("/tickets", json={"ticket_id": ticket_id, "subject": "x"})
                sent.append((ticket_id, answer.status_code))
            except httpx.TransportError:  # whoever was connected to the dead one
                sent.append((ticket_id, None))

    fresh = httpx.Limits(max_keepalive_connections=0)
    async with (
        asyncio.timeout(PATIENCE_S),
        client_of(pair, pair.one) as orphan,
        live_of(pair, pair.other, {"action": "subscribe", "ticket_ids": ["last"]}) as live,
        httpx.AsyncClient(base_url=pair.url, limits=fresh, timeout=40, trust_env=False) as client,
        asyncio.TaskGroup() as senders,
    ):
        for _ in range(SENDERS):
            senders.create_task(post(client))
        while len(before) < BEFORE:
            await asyncio.sleep(0.01)
        pair.one.kill()
        await asyncio.to_thread(pair.one.wait)
        gone.set()
        polling = asyncio.create_task(client.post("/tickets/next?wait=20"))
        last = await orphan.post("/tickets", json={"ticket_id": "last", "subject": "x"})
        assert pair.answered(last) is pair.other
        while "last" not in await judge_all(broker):
            pass
        await until(live, "last", "completed")
        assert (await polling).status_code == 200
    assert {status for _, status in after} == {202}
    assert {status for _, status in before} <= {202, None}
    accepted = [ticket_id for ticket_id, status in before + after if status == 202]
    assert len(await broker.listing.tickets(accepted)) == len(accepted) >= AFTER


async def test_both_together_let_no_more_than_the_limit_through(tmp_path: Path, redis_url: str, namespace: str) -> None:
    with two_routers(tmp_path, redis_url, namespace, RATE_LIMIT=f"{LIMIT}/minute") as pair:
        async with client_of(pair, pair.one) as one, client_of(pair, pair.other) as other:
            minute = time.time() // 60
            answers = [[(await client.get("/agents")).status_code for client in (one, other)] for _ in range(2 * LIMIT)]
            minutes = time.time() // 60 - minute + 1
    # One minute may turn in between, and four times the limit was asked.
    for statuses in zip(*answers, strict=True):
        assert set(statuses) == {200, 429}
    passed = sum(both.count(200) for both in answers)
    assert LIMIT - 2 * PORTION <= passed <= minutes * LIMIT
