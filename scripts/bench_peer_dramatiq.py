"""Dramatiq's side of `scripts.bench worker`, in the peers' environment. `python -m scripts.bench_peer_dramatiq COUNT` fills the queue."""

import os
import sys
from typing import Any

QUEUE = "bench"


def nothing() -> None:
    """The job."""


def _actor() -> Any:
    import dramatiq  # type: ignore[import-not-found] # in the peers' environment only
    from dramatiq.brokers.redis import RedisBroker  # type: ignore[import-not-found]

    dramatiq.set_broker(RedisBroker(url=os.environ["REDIS_URL"]))
    return dramatiq.actor(nothing, queue_name=QUEUE)


# `dramatiq scripts.bench_peer_dramatiq` imports this module to find its actors.
if "DRAMATIQ_WORKER" in os.environ:
    actor = _actor()

if __name__ == "__main__":
    filling = _actor()
    for _ in range(int(sys.argv[1])):
        filling.send()
