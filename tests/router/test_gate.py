"""Keys and limits: who may call, how often, and that neither keys nor texts reach the log."""

import logging
import re

import httpx
import pytest

from broker import Broker
from router.app import create_app
from router.config import RouterConfig
from router.routes import OPERATIONS
from tests.redis_server import RedisServer
from tests.router.problems import assert_problem

KEYS = RouterConfig(api_keys=("first-key", "second-key"))


def client(broker: Broker, config: RouterConfig, address: str = "10.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(broker, config), client=(address, 5))
    return httpx.AsyncClient(base_url="http://api", transport=transport)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic first-key"},
        {"Authorization": "Bearer first-key second-key"},
        {"X-API-Key": "wrong"},
        {"X-API-Key": ""},
        {"X-API-Key": "first-key,second-key"},
        {"Authorization": "Bearer wrong", "X-API-Key": "first-key"},
    ],
)
async def test_without_a_valid_key_nothing_is_said_or_done(broker: Broker, headers: dict[str, str]) -> None:
    async with client(broker, KEYS) as api:
        for method, path in (("POST", "/tickets"), ("GET", "/queue"), ("GET", "/metrics"), ("GET", "/health/deep")):
            answer = await api.request(method, path, headers=headers)
            assert_problem(answer, 401, "unauthorized")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("key", KEYS.api_keys)
async def test_each_key_is_taken_in_either_header(broker: Broker, key: str) -> None:
    async with client(broker, KEYS) as api:
        for headers in ({"Authorization": f"Bearer {key}"}, {"authorization": f"bearer {key}"}, {"X-API-Key": key}):
            answer = await api.post("/tickets", json={"subject": "x"}, headers=headers)
            assert answer.status_code == 202


async def test_probes_and_pages_stay_open_everything_else_is_closed(broker: Broker) -> None:
    opened = {operation.route for operation in OPERATIONS if operation.open and operation.tag != "pages"}
    assert opened == {"/health", "/livez", "/readyz"}
    assert all(operation.open for operation in OPERATIONS if operation.tag == "pages")
    async with client(broker, KEYS) as api:
        for operation in OPERATIONS:
            path = re.sub(r"{\w+}", "x", operation.route)
            answer = await api.request(operation.method, path)
            assert (answer.status_code == 401) is not operation.open


async def test_the_limit_is_counted_by_key(broker: Broker) -> None:
    config = RouterConfig(api_keys=KEYS.api_keys, rate_per_minute=3)
    async with client(broker, config) as api:
        answers = [await api.get("/queue", headers={"X-API-Key": "first-key"}) for _ in range(7)]
        refused = [answer for answer in answers if answer.status_code == 429]
        # A minute may turn in between, never two.
        assert 1 <= len(refused) <= 4
        for answer in refused:
            assert_problem(answer, 429, "too-many-requests")
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert (await api.get("/queue", headers={"X-API-Key": "second-key"})).status_code == 200
        assert (await api.get("/livez")).status_code == 200


async def test_without_keys_the_limit_is_counted_by_address(broker: Broker) -> None:
    config = RouterConfig(rate_per_minute=3)
    async with client(broker, config) as one, client(broker, config, "10.0.0.2") as other:
        statuses = {(await one.get("/queue")).status_code for _ in range(7)}
        assert statuses == {200, 429}
        assert (await other.get("/queue")).status_code == 200


async def test_guessing_keys_is_limited_too(broker: Broker) -> None:
    async with client(broker, RouterConfig(api_keys=KEYS.api_keys, rate_per_minute=3)) as api:
        statuses = {(await api.get("/queue", headers={"X-API-Key": f"guess-{n}"})).status_code for n in range(7)}
        assert statuses == {401, 429}


async def test_a_limit_that_cannot_be_counted_is_a_503(own_redis: RedisServer) -> None:
    broker = await Broker.open(own_redis.url)
    own_redis.kill()
    async with client(broker, RouterConfig(rate_per_minute=3)) as api:
        assert_problem(await api.get("/queue"), 503, "unavailable")
        assert (await api.get("/livez")).status_code == 200
    await broker.close()


async def test_neither_keys_nor_texts_are_logged(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """Only the product's own loggers count: the test's HTTP client and event loop write lines of their own."""
    caplog.set_level(logging.DEBUG)
    async with client(broker, KEYS) as api:
        good = {"X-API-Key": "first-key", "Idempotency-Key": "idem-key"}
        await api.post("/tickets", json={"subject": "private text"}, headers=good)
        await api.post("/tickets", json={"subject": "private text\x00"}, headers=good)
        await api.post("/tickets", json={"subject": "private text"}, headers={"X-API-Key": "wrong-key"})
    for line in (record.getMessage() for record in caplog.records):
        assert not any(secret in line for secret in ("private text", "first-key", "wrong-key", "idem-key"))
