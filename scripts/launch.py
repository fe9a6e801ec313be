"""The second half of `scripts.start`, inside the environment: settings -> Redis -> parts -> ready -> keep -> stop."""

import argparse
import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
from rich.console import Console

from scripts.bootstrap import ROOT
from scripts.embedded_redis import EmbeddedRedis
from scripts.preflight import Place, StartError, check_port, check_redis, check_sharing, read_settings, warn_if_open
from scripts.readiness import State, ask, key_header
from scripts.redis_binary import EmbeddedRedisError, find_redis_server
from scripts.settings import StartSettings
from scripts.supervise import Part, Supervisor, end_group, start_python

# Loading the default model takes 5 to 20 s on two cores; a large one from disk up to a minute.
READY_DEADLINE_S = 120.0
# Asking more often would only slow down what we wait for.
ASK_EVERY_S = 0.25
# A part that ends this often before it was ever ready will not become ready.
DEATHS_BEFORE_GIVING_UP = 4
# The API finishes requests in flight; a worker gives back what it holds and ends its model.
API_STOP_S, WORKER_STOP_S = 10.0, 15.0


def launch(options: argparse.Namespace) -> int:
    """Run until asked to stop; the exit code. Everything that was started is gone when it returns."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # Until the supervisor listens, both signals unwind the stack, and what was started goes with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        settings = read_settings(options, ROOT / ".env")
        check_sharing(options.apis)
        place = Place(settings.host, check_port(settings.host, settings.port))
        warn_if_open(place, settings)
        with redis_for(settings) as (redis_url, redis_parts):
            return serve(options, place, redis_url, redis_parts)
    except (StartError, EmbeddedRedisError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def serve(options: argparse.Namespace, place: Place, redis_url: str, redis_parts: list[Part]) -> int:
    """Start the parts, wait until they are ready, keep them; stop them on a signal. The exit code."""
    environment = {**os.environ, "REDIS_URL": redis_url, "HOST": place.host, "PORT": str(place.port)}
    if options.apis > 1:
        environment["API_SHARED_PORT"] = "true"

    def part(name: str, module: str, stop_deadline_s: float) -> Part:
        return Part(
            name,
            lambda: start_python(module, environment=environment, folder=ROOT, python=sys.executable),
            stop_deadline_s,
        )

    names = ["API"] if options.apis == 1 else [f"API {number}" for number in range(1, options.apis + 1)]
    apis = [part(name, "router", API_STOP_S) for name in names]
    workers = [part(f"worker {number}", "worker", WORKER_STOP_S) for number in range(1, options.workers + 1)]
    demo: subprocess.Popen[bytes] | None = None
    supervisor = Supervisor([apis, workers, redis_parts])
    supervisor.listen_to_signals()
    client = httpx.Client(
        base_url=place.url_from_here,
        headers=key_header(environment),
        trust_env=False,  # a proxy of the shell has nothing to do with a service on this machine
        limits=httpx.Limits(
            max_keepalive_connections=0
        ),  # a kept connection would ask one of several processes for ever
    )
    try:
        wait_until_ready(supervisor, client, apis, workers)
        if not supervisor.stopping:
            print(f"ready {place.url}", flush=True)
            if options.demo:
                demo = start_python(
                    "scripts.demo",
                    *("--url", place.url_from_here),
                    environment=environment,
                    folder=ROOT,
                    python=sys.executable,
                    to_stdout=True,
                )
        while not supervisor.stopping:
            supervisor.step()
    finally:
        client.close()
        if demo is not None and demo.poll() is None:
            end_group(demo)
            demo.wait()
        supervisor.stop()
    return 0


def wait_until_ready(supervisor: Supervisor, client: httpx.Client, apis: list[Part], workers: list[Part]) -> None:
    """Keep the parts and show progress until the API serves and the models are in. Raises StartError.

    With several APIs on one port, whichever the system chooses answers. So this checks that the port serves and that each API
    process runs. One that does not listen yet is given no connection, so whoever calls is answered by those that do.
    Models that take too long are a warning: tickets are judged by keywords meanwhile, and again by the models later.
    """
    console = Console(stderr=True)
    began = asked = time.monotonic()
    state = State(serving=False)
    said = ""
    status = console.status(state.sentence(with_models=bool(workers)))
    with status:
        while not supervisor.stopping:
            supervisor.step()
            now = time.monotonic()
            if now - asked >= ASK_EVERY_S:
                state = ask(client)
                asked = now
                if state.is_ready(with_models=bool(workers)) and all(api.is_running() for api in apis):
                    return
            sentence = state.sentence(with_models=bool(workers))
            if console.is_terminal:
                status.update(f"{sentence}, {now - began:.0f} s")
            elif sentence != said:
                console.print(sentence, highlight=False)
                said = sentence
            give_up([*apis, *workers], state, with_models=bool(workers), waited_s=now - began)
            if now - began > READY_DEADLINE_S:
                console.print(
                    f"[bold yellow]warning:[/] the models are not in after {READY_DEADLINE_S:.0f} s ({state.detail}). "
                    "Tickets are judged by keywords until they are.",
                    highlight=False,
                )
                return


def give_up(parts: list[Part], state: State, *, with_models: bool, waited_s: float) -> None:
    """Raises StartError when waiting longer has no sense."""
    for part in parts:
        if part.deaths >= DEATHS_BEFORE_GIVING_UP:
            raise StartError(f"the {part.name} ended {part.deaths} times before it was ready; its own words are above.")
    if not state.serving and waited_s > READY_DEADLINE_S:
        raise StartError(f"still {state.sentence(with_models=with_models)} after {READY_DEADLINE_S:.0f} s; see above.")


@contextlib.contextmanager
def redis_for(settings: StartSettings) -> Iterator[tuple[str, list[Part]]]:
    """The URL of a Redis that answers, and the parts to keep for it. Raises StartError or EmbeddedRedisError."""
    if settings.redis_url:
        check_redis(settings.redis_url)
        yield settings.redis_url, []
        return
    server = EmbeddedRedis(find_redis_server(), settings.data_dir / "redis")
    url = server.start()
    try:
        yield url, [Part("Redis", lambda: server.launch(server.port), process=server.process)]
    finally:
        server.stop()
