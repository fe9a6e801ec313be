"""A broker on a real Redis, with a clock the test moves."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from broker import Broker
from broker.records import Agent
from tests.broker.desk_work import DEFAULTS, Clock

MakeBroker = Callable[..., Awaitable[Broker]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def make_broker(each_redis_url: str, namespace: str, clock: Clock) -> AsyncIterator[MakeBroker]:
    """`await make_broker(max_attempts=2)`: several of them stand for several processes on one namespace."""
    opened: list[Broker] = []

    async def make(**options: object) -> Broker:
        broker = await Broker.open(each_redis_url, namespace=namespace, **{"clock": clock, **options})
        opened.append(broker)
        return broker

    yield make
    for broker in opened:
        await broker.close()


@pytest.fixture
async def broker(make_broker: MakeBroker) -> Broker:
    return await make_broker()


@pytest.fixture
async def staffed(broker: Broker) -> Broker:
    """With the two default agents."""
    for name, skills, capacity in DEFAULTS:
        await broker.agents.put(Agent(name, skills, capacity))
    return broker
