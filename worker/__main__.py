"""`python -m worker`: start, loop, stop. Needs REDIS_URL."""

import asyncio
import logging
import os
import secrets
import signal
import socket
import sys
from contextlib import suppress
from functools import partial

import uvloop
from pydantic import ValidationError

from broker import Broker, BrokerSettings
from broker.errors import Unavailable
from broker.presence import BEAT_EVERY_S
from ml.judge import Judge
from ml.settings import MlSettings
from webhook import InvalidWebhookUrl
from webhook.opening import open_sender
from webhook.settings import WebhookSettings
from worker.advising import Advisers
from worker.delivery import AlertDelivery
from worker.learning import learn
from worker.loop import Loop
from worker.rescore import look_again
from worker.settings import WorkerSettings
from worker.teaching import Teaching
from worker.upkeep import every, expire, report, sweep

log = logging.getLogger("worker")

# How often each chore looks; each look is one command or one script.
SWEEP_EVERY_S = 1.0
LOOK_AGAIN_EVERY_S = 1.0
EXPIRE_EVERY_S = 60.0
LEARN_EVERY_S = 2.0
TEACH_EVERY_S = 1.0
ALERTS_EVERY_S = 0.5
# A stop waits this long for farewells to a Redis that may be gone.
FAREWELL_S = 2.0


def main() -> int:
    """Returns the exit code: 0 after a clean stop, 2 when the settings do not allow a start."""
    try:
        worker, ml, webhook, redis = WorkerSettings(), MlSettings(), WebhookSettings(), BrokerSettings()
    except ValidationError as error:
        for problem in error.errors():
            place = str(problem["loc"][0]).upper() if problem["loc"] else "settings"
            print(f"The worker cannot start: {place}: {problem['msg'].removeprefix('Value error, ')}", file=sys.stderr)
        return 2
    if not redis.redis_url:
        print(
            "REDIS_URL is not set. Set it, or run `python3 -m scripts.start`, which brings its own Redis.",
            file=sys.stderr,
        )
        return 2
    logging.basicConfig(level=worker.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log the webhook's address, which is a secret
    try:
        uvloop.run(run(worker, ml, webhook, redis))
    except (ValueError, InvalidWebhookUrl) as error:
        print(f"The worker cannot start: {error}", file=sys.stderr)
        return 2
    return 0


async def warn(broker: Broker) -> None:
    """Settings of Redis that endanger the promises are said at start, loudly."""
    with suppress(Unavailable):  # away just now: /health/deep goes on saying it
        for warning in await broker.health.warnings():
            log.warning("Redis: %s", warning)


def model_threads() -> int:
    """Half the cores: the API, Redis and this loop need the rest, and threads that share a core wait for each other."""
    return max(1, (os.cpu_count() or 1) // 2)


async def run(worker: WorkerSettings, ml: MlSettings, webhook: WebhookSettings, redis: BrokerSettings) -> None:
    """Works until SIGINT or SIGTERM; the batch in hand is finished. Raises ValueError, InvalidWebhookUrl on bad settings."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    worker_id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
    secret_url = webhook.slack_webhook_url.get_secret_value() if webhook.slack_webhook_url else None
    broker = Broker.from_settings(redis)
    spec = ml.engine_spec(threads=model_threads())
    judge, advisers = Judge(spec, breaker=ml.breaker_config()), Advisers(spec)
    async with open_sender(secret_url) as sender:
        alert_above = worker.urgency_webhook_threshold
        delivery = AlertDelivery(broker, sender, api_url=worker.api_url, real=secret_url is not None)
        await judge.start()
        advisers.start()

        async def beat() -> None:
            await broker.health.beat(report(worker_id, judge, delivery.state, advisers.report()))

        look = partial(look_again, broker, judge, alert_above=alert_above, wanted=advisers.wanted)
        loop = Loop(broker, judge, alert_above=alert_above, stopping=stopping, wanted=advisers.wanted)
        chores = [
            every(BEAT_EVERY_S, beat, stopping),
            every(SWEEP_EVERY_S, partial(sweep, broker), stopping),
            every(EXPIRE_EVERY_S, partial(expire, broker), stopping),
            every(LOOK_AGAIN_EVERY_S, look, stopping),
            every(LEARN_EVERY_S, partial(learn, broker, judge), stopping),
            every(TEACH_EVERY_S, Teaching(broker, judge).step, stopping),
            every(ALERTS_EVERY_S, delivery.step, stopping),
            *advisers.chores(broker, stopping),
        ]
        log.info("worker %s takes tickets; model %s", worker_id, judge.status().model)
        await warn(broker)
        try:
            async with asyncio.TaskGroup() as tasks:
                for chore in chores:
                    tasks.create_task(chore)
                tasks.create_task(loop.run())
        finally:
            await judge.stop()
            await advisers.stop()
            try:
                async with asyncio.timeout(FAREWELL_S):
                    await broker.outbox.hand_over()
                    await broker.health.leave(worker_id)
            except (Unavailable, TimeoutError):
                log.warning("stopped without telling Redis, which does not answer")
            await broker.close()
    log.info("worker %s stopped", worker_id)


if __name__ == "__main__":
    sys.exit(main())
