"""arq's side of `scripts.bench worker`: runs in the peers' environment. `python -m scripts.bench_peer_arq COUNT` fills the queue."""

import asyncio
import os
import sys
from typing import Any

# Jobs handed in at once.
CHUNK = 500


async def nothing(context: dict[str, Any]) -> None:
    """The job."""


def _redis() -> Any:
    from arq.connections import RedisSettings  # type: ignore[import-not-found] # in the peers' environment only

    return RedisSettings.from_dsn(os.environ["REDIS_URL"])


class Worker:
    """What `arq scripts.bench_peer_arq.Worker` reads; everything else is arq's default."""

    functions = (nothing,)
    redis_settings = _redis() if "ARQ_WORKER" in os.environ else None


async def fill(count: int) -> None:
    from arq import create_pool  # type: ignore[import-not-found]

    pool = await create_pool(_redis())
    for start in range(0, count, CHUNK):
        await asyncio.gather(*(pool.enqueue_job("nothing") for _ in range(min(CHUNK, count - start))))
    await pool.aclose()


if __name__ == "__main__":
    asyncio.run(fill(int(sys.argv[1])))
