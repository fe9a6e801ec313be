from collections.abc import AsyncIterator

import pytest

from broker import Broker


@pytest.fixture
async def broker(redis_url: str, namespace: str) -> AsyncIterator[Broker]:
    broker = await Broker.open(redis_url, namespace=namespace)
    yield broker
    await broker.close()
