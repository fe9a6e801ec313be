"""Scripted agents with long polls drain a full queue over HTTP: every ticket handled exactly once, and how fast."""

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx

from scripts.bootstrap import ROOT
from scripts.embedded_redis import EmbeddedRedis
from scripts.preflight import check_port
from scripts.redis_binary import find_redis_server
from scripts.supervise import start_python

READY_S = 30.0
LINES_PER_REQUEST = 500
# Long enough that an agent who gets nothing after it can be sure that the queue is empty.
LAST_WAIT_S = 3


async def bench_agents(agents: int, tickets: int) -> int:
    """Prints the figures; 0 when each ticket was resolved by exactly one agent and the books balance."""
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedRedis(find_redis_server(), Path(folder))
        url = await asyncio.to_thread(server.start)
        port = check_port("127.0.0.1", 0)
        environment = {**os.environ, "REDIS_URL": url, "PORT": str(port), "HOST": "127.0.0.1", "ENGINE": "stub",
                       "FLOOD_THRESHOLD": "1000000", "RATE_LIMIT": "0", "AGENTS": "{}", "LOG_LEVEL": "warning"}  # fmt: skip
        parts = [
            start_python(module, environment=environment, folder=ROOT, python=sys.executable)
            for module in ("router", "worker")
        ]
        try:
            limits = httpx.Limits(max_connections=agents + 10)
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits, trust_env=False
            ) as client:
                return await _drain(client, agents, tickets)
        finally:
            for part in parts:
                part.terminate()
                part.wait()
            await asyncio.to_thread(server.stop)


async def _drain(client: httpx.AsyncClient, agents: int, tickets: int) -> int:
    await _ready(client)
    names = [f"agent-{number}" for number in range(agents)]
    for name in names:
        await client.put(f"/agents/{name}", json={"skills": {"Technical": 0.5}, "capacity": 5})
    handled: Counter[str] = Counter()
    working = [asyncio.create_task(_work(client, name, handled)) for name in names]
    began = time.perf_counter()
    for start in range(0, tickets, LINES_PER_REQUEST):
        lines = [
            f'{{"subject": "matter {n} of the day"}}' for n in range(start, min(tickets, start + LINES_PER_REQUEST))
        ]
        answer = await client.post(
            "/tickets/bulk", content="\n".join(lines), headers={"Content-Type": "application/x-ndjson"}
        )
        answer.raise_for_status()
    refused = sum(await asyncio.gather(*working))
    took_s = time.perf_counter() - began - LAST_WAIT_S
    stats = (await client.get("/stats")).json()
    twice = sum(count > 1 for count in handled.values())
    print(f"{agents} agents, {tickets:,} tickets: {len(handled):,} handled, {twice} twice, {refused} refused")
    print(f"about {tickets / took_s:,.0f} tickets a second pulled and resolved; resolved by the books: "
          f"{stats['conservation']['resolved']:,}, balanced: {stats['balanced']}")  # fmt: skip
    right = len(handled) == stats["conservation"]["resolved"] == tickets and not twice and not refused
    return 0 if right and stats["balanced"] else 1


async def _ready(client: httpx.AsyncClient) -> None:
    give_up = time.monotonic() + READY_S
    while time.monotonic() < give_up:
        try:
            if (await client.get("/readyz")).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass  # not listening yet
        await asyncio.sleep(0.1)
    raise SystemExit("the parts were not ready in time; their own words are above")


async def _work(client: httpx.AsyncClient, name: str, handled: "Counter[str]") -> int:
    """Pulls and resolves until nothing comes any more; returns how many of its leases were refused."""
    refused = 0
    while True:
        pulled = await client.post("/tickets/next", params={"agent": name, "wait": LAST_WAIT_S})
        if pulled.status_code == httpx.codes.NO_CONTENT:
            return refused
        ticket = pulled.json()
        done = await client.post(
            f"/tickets/{ticket['ticket_id']}/resolve",
            json={"lease_token": ticket["lease"]["token"], "response": "done"},
        )
        if done.status_code == httpx.codes.OK:
            handled[ticket["ticket_id"]] += 1
        else:
            refused += 1
