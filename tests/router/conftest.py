"""A real broker and a real uvicorn in the test's own event loop.

broker          on the run's Redis, in a namespace of its own
serve           `await serve(broker, config)` starts a server and gives its base URL
url             of such a server with the default configuration
api             an httpx client of it
live            a connection to its live updates
asgi            the same application without a server between: for refusals that need no connection
unchanged       fails the test if anything was accepted in it
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from broker import Broker
from router.app import create_app
from router.config import RouterConfig
from router.server import Server, listen, url_of
from tests.router.live_client import address

Serve = Callable[[Broker, RouterConfig], Awaitable[str]]


@pytest.fixture
async def broker(redis_url: str, namespace: str) -> AsyncIterator[Broker]:
    broker = await Broker.open(redis_url, namespace=namespace, flood_threshold=2)
    yield broker
    await broker.close()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    running: list[tuple[Server, asyncio.Task[None]]] = []

    async def start(broker: Broker, config: RouterConfig) -> str:
        listener = listen("127.0.0.1", 0)
        server = Server(create_app(broker, config))
        running.append((server, asyncio.create_task(server.serve([listener]))))
        return url_of(listener)  # the socket listens already: a request waits for the loop, not for luck

    yield start
    for server, task in running:
        server.stop()
        await task


@pytest.fixture
async def url(broker: Broker, serve: Serve) -> str:
    return await serve(broker, RouterConfig())


@pytest.fixture
async def api(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=40) as client:
        yield client


@pytest.fixture
async def live(url: str) -> AsyncIterator[ClientConnection]:
    async with connect(address(url)) as connection:
        yield connection


@pytest.fixture
async def asgi(broker: Broker) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(broker, RouterConfig()))
    async with httpx.AsyncClient(base_url="http://api", transport=transport) as client:
        yield client


@pytest.fixture
async def unchanged(broker: Broker) -> AsyncIterator[None]:
    """After the test nothing was accepted."""
    yield
    assert (await broker.stats.snapshot()).conservation["accepted"] == 0
