"""`python -m router` as the supervisor sees it: start, serve, stop, and one sentence when it can't."""

import asyncio
import base64
import json
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from router.__main__ import main
from router.server import listen
from tests.redis_server import RedisServer

Launch = Callable[..., Awaitable[Process]]
# The process imports its libraries on two busy cores; a hang is still noticed.
DEADLINE_S = 60
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def launch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Launch]:
    """`await launch(PORT="0", REDIS_URL=...)`: the router with this environment and no `.env`."""
    running: list[Process] = []

    async def start(**environment: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "router"),
            cwd=tmp_path_factory.mktemp("cwd"),
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
            stdout=PIPE,
            stderr=PIPE,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def url_of(process: Process) -> str:
    """Where it listens, from its own log."""
    assert process.stderr is not None
    async with asyncio.timeout(DEADLINE_S):
        async for line in process.stderr:
            if found := re.search(r"listening on (\S+)", line.decode()):
                return found[1]
    raise AssertionError("the router ended without listening")


async def last_words(process: Process) -> tuple[int | None, str, str]:
    out, err = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    return process.returncode, out.decode(), err.decode()


async def test_it_serves_and_stops_cleanly_in_the_middle_of_a_long_poll(
    launch: Launch, redis_url: str, namespace: str
) -> None:
    process = await launch(PORT="0", REDIS_URL=redis_url, NAMESPACE=namespace)
    async with httpx.AsyncClient(base_url=await url_of(process), timeout=40) as api:
        assert (await api.post("/tickets", json={"subject": "x"})).status_code == 202
        answer = await api.get("/livez")
        assert "Server" not in answer.headers
        polling = asyncio.create_task(api.post("/tickets/next?wait=30"))
        await api.get("/livez")
        process.send_signal(signal.SIGTERM)
        code, out, err = await last_words(process)
        assert (await polling).status_code in {204, 503}
    assert (code, out) == (0, "")
    assert err.rstrip().endswith("stopped")
    assert "Traceback" not in err


async def test_a_stop_says_goodbye_to_live_listeners_and_their_keys_are_nowhere(
    launch: Launch, redis_url: str, namespace: str
) -> None:
    process = await launch(PORT="0", REDIS_URL=redis_url, NAMESPACE=namespace, API_KEYS="secret-key", LOG_LEVEL="debug")
    url = await url_of(process)
    encoded = base64.urlsafe_b64encode(b"secret-key").decode().rstrip("=")
    page = {"origin": url, "subprotocols": ["smart-support", f"key.{encoded}"]}
    async with connect(url.replace("http", "ws", 1) + "/ws/tickets?key=secret-key", **page) as live:  # type: ignore[arg-type]
        await live.send('{"action": "subscribe", "all": true}')
        assert json.loads(await live.recv())["type"] == "subscribed"
        process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(live.recv(), DEADLINE_S)
        assert (live.close_code, live.close_reason) == (1001, "the server stops")
    code, _, err = await last_words(process)
    assert code == 0
    assert err.rstrip().endswith("stopped")
    assert "Traceback" not in err
    assert "secret-key" not in err
    assert encoded not in err


async def test_without_redis_it_lives_says_503_and_recovers(launch: Launch, own_redis: RedisServer) -> None:
    own_redis.stop()
    process = await launch(PORT="0", REDIS_URL=own_redis.url)
    async with httpx.AsyncClient(base_url=await url_of(process), timeout=40) as api:
        assert (await api.get("/livez")).status_code == 200
        assert (await api.get("/readyz")).status_code == 503
        refused = await api.get("/queue")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        own_redis.start()
        async with asyncio.timeout(DEADLINE_S):
            names: list[str] = []
            while names != ["Agent1", "Agent2"]:  # the configured agents come as soon as Redis answers
                answer = await api.get("/agents")
                names = [agent["name"] for agent in answer.json().get("items", ())]
    process.send_signal(signal.SIGINT)
    assert (await last_words(process))[0] == 0


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"REDIS_URL": ""}, "REDIS_URL"),
        ({"REDIS_URL": "http://localhost"}, "REDIS_URL"),
        ({"PORT": "70000"}, "PORT"),
        ({"PORT": "eighty"}, "PORT"),
        ({"HOST": ""}, "HOST"),
        ({"HOST": "203.0.113.7"}, "can't listen on 203.0.113.7"),
        ({"RATE_LIMIT": "fast"}, "RATE_LIMIT"),
        ({"MAX_BODY_BYTES": "10"}, "MAX_BODY_BYTES"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"API_SHARED_PORT": "perhaps"}, "API_SHARED_PORT"),
        ({"API_KEYS": "good,b\u00e4d-key"}, "API_KEYS"),
        ({"MAX_BACKLOG": "0"}, "MAX_BACKLOG"),
        ({"AGENTS": "{"}, "AGENTS"),
    ],
)
def test_what_cannot_mend_itself_is_one_sentence_and_code_2(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    environment: dict[str, str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in ({"REDIS_URL": "redis://127.0.0.1:1", "PORT": "0"} | environment).items():
        monkeypatch.setenv(name, value)
    assert main() == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("router can't start: ")
    assert says in err
    assert len(err.splitlines()) == 1
    assert "b\u00e4d-key" not in err


@pytest.mark.parametrize("one_shares", ["false", "true"])
async def test_a_taken_port_is_one_sentence_and_code_2(launch: Launch, redis_url: str, one_shares: str) -> None:
    """Two share a port only where both say so."""
    with listen("127.0.0.1", 0, shared=one_shares == "false") as taken:
        port = str(taken.getsockname()[1])
        process = await launch(PORT=port, REDIS_URL=redis_url, API_SHARED_PORT=one_shares)
        code, _, err = await last_words(process)
    assert code == 2
    assert err.startswith(f"router can't start: can't listen on 127.0.0.1 port {port}: ")
    assert len(err.splitlines()) == 1


def test_a_system_without_shared_ports_is_one_sentence_and_code_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(socket, "SO_REUSEPORT")
    for name, value in {"REDIS_URL": "redis://127.0.0.1:1", "PORT": "0", "API_SHARED_PORT": "true"}.items():
        monkeypatch.setenv(name, value)
    assert main() == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("router can't start: ")
    assert said.endswith("lets no two processes share a port; unset API_SHARED_PORT")
