"""Brokers that are closed whatever becomes of the test."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from broker import Broker

OpenBroker = Callable[..., Awaitable[Broker]]


@pytest.fixture
async def open_broker(namespace: str) -> AsyncIterator[OpenBroker]:
    """`await open_broker(url, min_replicas=1)`, on this test's namespace unless told otherwise."""
    opened: list[Broker] = []

    async def make(url: str, **options: object) -> Broker:
        broker = await Broker.open(url, **{"namespace": namespace, **options})
        opened.append(broker)
        return broker

    yield make
    for broker in opened:
        await broker.close()
