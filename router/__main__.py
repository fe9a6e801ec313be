"""`python -m router`: the API as a process of its own. Needs REDIS_URL.

It listens at once, also while Redis is away: /livez tells the supervisor that the process lives, and what needs Redis answers 503
until it is there. Exiting instead would turn a slow Redis into a restart loop. What can't mend itself (a bad setting, a port that
is taken) is one sentence on stderr and exit code 2.
"""

import asyncio
import gc
import logging
import socket
import sys

import uvloop
from pydantic import ValidationError

from broker import Broker, BrokerSettings
from broker.errors import Unavailable
from router.app import create_app
from router.server import Server, listen, url_of
from router.settings import RouterSettings

logger = logging.getLogger("router")

CANNOT_START = 2
# Soon enough that nobody misses the agents once Redis is up, seldom enough to cost nothing.
RETRY_S = 1.0


def main() -> int:
    try:
        settings, broker_settings = RouterSettings(), BrokerSettings()
        logging.basicConfig(
            level=settings.log_level.upper(),
            format="%(asctime)s %(levelname)s %(name)s: %(message)s",
            stream=sys.stderr,
        )
        broker = _broker(broker_settings)
        listener = listen(settings.host, settings.port, shared=settings.api_shared_port)
    except ValidationError as error:
        return _refuse(
            "; ".join(_sentence(detail["loc"], detail["msg"]) for detail in error.errors(include_input=False))
        )
    except ValueError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"can't listen on {settings.host} port {settings.port}: {error.strerror}")
    uvloop.run(_run(broker, broker_settings, settings, listener))
    return 0


async def _run(
    broker: Broker, broker_settings: BrokerSettings, settings: RouterSettings, listener: socket.socket
) -> None:
    server = Server(create_app(broker, settings.config()))
    # What is loaded by now stays: the collector need not walk over it in each of its rounds, a tenth of the intake's time.
    gc.freeze()
    seeding = asyncio.create_task(_seed(broker, broker_settings))
    logger.info("listening on %s", url_of(listener))
    try:
        await server.serve([listener])
    finally:
        seeding.cancel()
        await asyncio.wait([seeding])
        await broker.close()
        logger.info("stopped")


async def _seed(broker: Broker, settings: BrokerSettings) -> None:
    """The agents of AGENTS, each once, as soon as Redis answers."""
    while True:
        try:
            await broker.agents.seed(settings.agent_list())
            return
        except Unavailable:
            await asyncio.sleep(RETRY_S)


def _broker(settings: BrokerSettings) -> Broker:
    if not settings.redis_url:
        raise ValueError("REDIS_URL is empty: set it to redis://HOST:PORT, or use 'python3 -m scripts.start'")
    try:
        return Broker.from_settings(settings)
    except ValueError as error:
        raise ValueError(f"REDIS_URL: {error}") from error


def _sentence(place: tuple[int | str, ...], message: str) -> str:
    return f"{str(place[0]).upper() if place else 'settings'}: {message.removeprefix('Value error, ')}"


def _refuse(sentence: str) -> int:
    print(f"router can't start: {sentence}", file=sys.stderr)
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main())
