"""RQ's side of `scripts.bench worker`: runs in the peers' environment. `python -m scripts.bench_peer_rq COUNT` fills the queue."""

import os
import sys

QUEUE = "bench"


def nothing() -> None:
    """The job."""


def fill(count: int) -> None:
    from rq import Queue  # type: ignore[import-not-found] # in the peers' environment only
    from rq.cli.helpers import CliConfig  # type: ignore[import-not-found]

    queue = Queue(QUEUE, connection=CliConfig(url=os.environ["REDIS_URL"]).connection)
    queue.enqueue_many([Queue.prepare_data("scripts.bench_peer_rq.nothing") for _ in range(count)])


if __name__ == "__main__":
    fill(int(sys.argv[1]))
