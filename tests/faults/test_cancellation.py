"""A cancelled call to Redis ends, whatever it was doing at that moment: who cancels a task waits for it."""

import asyncio

from broker import Broker

# More turns of the event loop than a call takes, and several calls cancelled at each.
TURNS = 60
CALLS = 10


async def test_no_call_forgets_that_it_was_cancelled(redis_url: str, namespace: str) -> None:
    """Python 3.11's wait_for, which redis-py sends through, forgets a cancellation that comes as its own wait ends."""
    broker = await Broker.open(redis_url, namespace=namespace)
    await broker.work.renew("token", ["ticket"])
    cancelled = forgotten = 0
    for turn in range(TURNS):
        for _ in range(CALLS):
            call = asyncio.create_task(broker.work.renew("token", ["ticket"]))
            for _ in range(turn):
                await asyncio.sleep(0)
            if not call.cancel():
                continue  # it was faster
            await asyncio.wait([call])
            cancelled += call.cancelled()
            forgotten += not call.cancelled()
    await broker.close()
    assert cancelled > CALLS, "at more than one moment of a call"
    assert forgotten == 0
