"""Redis over TLS, as REDIS_URL asks for it: rediss:// and whom to trust. A real Redis, with a certificate of the test's own."""

import asyncio
import logging
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlencode

import pytest

from broker import Broker
from broker.errors import Unavailable
from broker.records import Status
from broker.scripts import Code
from scripts.embedded_redis import free_port
from scripts.redis_binary import find_redis_server
from tests.broker.both_loops import on_both_loops
from tests.broker.desk_work import assert_balanced, outcome, pull, submit, take
from tests.conftest import MakeRedis
from tests.redis_server import RedisServer

# More than one TLS record, 16 KB, and more than one read.
LARGE = "ä" * 300_000


def cannot(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI runs Redis over TLS")
    pytest.skip(reason)


def speaks_tls(binary: Path) -> bool:
    """Started with two options of which it knows one at most, it names the first that it does not."""
    refused = subprocess.run([binary, "--tls-port", "0", "--no-such", "option"], capture_output=True, text=True)
    assert refused.returncode
    return "tls-port" not in refused.stdout + refused.stderr


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[[str], tuple[Path, Path]]:
    """`certificate("a")`: files of a certificate for 127.0.0.1 that vouches for itself, and of its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        cannot("no openssl on PATH to make a certificate with")

    def make(name: str) -> tuple[Path, Path]:
        made, key = tmp_path / f"{name}.crt", tmp_path / f"{name}.key"
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        whose = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run(
            [openssl, "req", "-x509", *kind, *whose, "-keyout", key, "-out", made], check=True, capture_output=True
        )
        return made, key

    return make


class TLSRedis:
    """`url(ssl_ca_certs=...)`: how to reach it over TLS. `trusted`: the certificate that vouches for it, `stranger` for another."""

    def __init__(self, server: RedisServer, port: int, trusted: Path, stranger: Path) -> None:
        self.server, self.port, self.trusted, self.stranger = server, port, trusted, stranger

    def url(self, scheme: str = "rediss", **options: object) -> str:
        return f"{scheme}://:{self.server.password}@127.0.0.1:{self.port}/0?{urlencode(options)}"


@pytest.fixture
def tls_redis(make_redis: MakeRedis, certificate: Callable[[str], tuple[Path, Path]]) -> TLSRedis:
    if not speaks_tls(find_redis_server()):
        cannot(f"{find_redis_server()} was built without TLS")
    (trusted, key), (stranger, _), port = certificate("trusted"), certificate("stranger"), free_port()
    files = (f'tls-cert-file "{trusted}"', f'tls-key-file "{key}"', f'tls-ca-cert-file "{trusted}"')
    server = make_redis(f"tls-port {port}", *files, "tls-auth-clients no")
    return TLSRedis(server, port, trusted, stranger)


@on_both_loops
async def test_a_ticket_goes_in_is_judged_and_comes_back(tls_redis: TLSRedis, namespace: str) -> None:
    broker = await Broker.open(tls_redis.url(ssl_ca_certs=tls_redis.trusted), namespace=namespace)
    ticket_id = await submit(broker, "over TLS")
    batch = await take(broker)
    assert await batch.finish([(batch.tickets[0], outcome(), None)]) == [Code.DONE]
    held = await pull(broker)
    assert (held.ticket_id, held.subject, held.status) == (ticket_id, "over TLS", Status.CLAIMED)
    await asyncio.gather(*(submit(broker, f"{number}") for number in range(50)))
    assert (await assert_balanced(broker))["accepted"] == 51
    assert await broker.store.command("ECHO", LARGE) == LARGE
    await broker.close()


@on_both_loops
async def test_who_trusts_anybody_needs_no_certificate(tls_redis: TLSRedis, namespace: str) -> None:
    broker = await Broker.open(tls_redis.url(ssl_cert_reqs="none"), namespace=namespace)
    assert (await broker.listing.ticket(await submit(broker, "hello"))).subject == "hello"
    await broker.close()


@on_both_loops
async def test_a_stranger_is_unavailable_and_said_in_one_line(
    tls_redis: TLSRedis, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    urls = [
        tls_redis.url(ssl_ca_certs=tls_redis.stranger),
        tls_redis.url(ssl_cert_reqs="required"),  # nobody of the system's vouches for it
        tls_redis.url("redis"),  # no TLS at all
    ]
    for url in urls:
        caplog.clear()
        with pytest.raises(Unavailable) as opened:
            await Broker.open(url, namespace=namespace)
        assert str(opened.value) == "Redis does not answer; try again in a moment."
        broker = Broker.assemble(url, namespace=namespace)
        with pytest.raises(Unavailable):
            await broker.store.command("PING")
        await broker.close()
        said = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert [record.getMessage().split(":")[0] for record in said] == ["Redis is away"] * 2
        assert not any(record.exc_info or "\n" in record.getMessage() for record in said)
        assert tls_redis.server.password not in caplog.text


@on_both_loops
async def test_after_an_outage_it_is_reached_again(tls_redis: TLSRedis, namespace: str) -> None:
    broker = await Broker.open(tls_redis.url(ssl_ca_certs=tls_redis.trusted), namespace=namespace)
    ticket_id = await submit(broker)
    tls_redis.server.pause()
    waits = asyncio.create_task(broker.store.command("PING"))
    await asyncio.sleep(0)
    tls_redis.server.kill()
    for asked in (waits, broker.store.command("PING")):
        with pytest.raises(Unavailable):
            await asked
    tls_redis.server.start()
    assert (await broker.listing.ticket(ticket_id)).ticket_id == ticket_id
    await broker.close()
