"""`python -m scripts.bench WHAT`: measurements, each on an embedded Redis of its own, as ratios taken side by side in one run.

listing   GET /tickets' searches on few and on many tickets
agents    scripted agents with long polls draining a full queue over HTTP, each ticket handled exactly once
intake    POST /tickets of the real product against a bare echo, and against the echo with one RPUSH (3 minutes)
worker    our worker with the stand-in engine against a plain unsafe loop, RQ, arq and Dramatiq (3 minutes)
model     the worker with the real model against the bare pass, and against plain transformers (3 minutes)
scale     what tickets that are there already cost: pulling, listing, submitting, recovering, starting (2 minutes; --full: 15)
latency   accepted to ready with the real model at 100 tickets a second (1 minute)
idle      CPU and Redis commands with nothing to do (1 minute)

The exit code is 0 when every bar is met, 1 when one is missed, 2 when something could not be measured. `--json FILE` keeps the figures.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.bench_agents import bench_agents
from scripts.bench_idle import bench_idle
from scripts.bench_intake import bench_intake
from scripts.bench_latency import bench_latency
from scripts.bench_listing import bench_listing
from scripts.bench_model import bench_model
from scripts.bench_peers import install
from scripts.bench_rows import Row, report
from scripts.bench_scale import bench_scale
from scripts.bench_stage import BenchError
from scripts.bench_worker import bench_worker
from scripts.settings import StartSettings


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m scripts.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = made.add_subparsers(dest="what", required=True)
    listing = what.add_parser("listing", help="searches on few and on many tickets")
    listing.add_argument("--few", type=int, default=2_000, help="[%(default)s]")
    listing.add_argument("--many", type=int, default=200_000, help="[%(default)s]")
    agents = what.add_parser("agents", help="agents draining a queue")
    agents.add_argument("--agents", type=int, default=50, help="[%(default)s]")
    agents.add_argument("--tickets", type=int, default=5_000, help="[%(default)s]")
    intake = what.add_parser("intake", help="POST /tickets against a bare echo")
    intake.add_argument("--connections", type=int, nargs="+", default=[1, 32, 256], help="[%(default)s]")
    intake.add_argument("--seconds", type=float, default=2.0, help="of each measurement [%(default)s]")
    intake.add_argument("--repeats", type=int, default=5, help="[%(default)s]")
    worker = what.add_parser("worker", help="our worker against other queues'")
    worker.add_argument(
        "--install-peers", action="store_true", help="install RQ, arq and Dramatiq under DATA_DIR first"
    )
    worker.add_argument("--tickets", type=int, default=5_000, help="[%(default)s]")
    worker.add_argument("--repeats", type=int, default=3, help="[%(default)s]")
    model = what.add_parser("model", help="the worker with the real model")
    model.add_argument("--tickets", type=int, default=1_000, help="[%(default)s]")
    model.add_argument("--repeats", type=int, default=3, help="[%(default)s]")
    scale = what.add_parser("scale", help="few and many tickets")
    scale.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000], help="tickets [%(default)s]")
    scale.add_argument("--full", action="store_true", help="a million tickets as well")
    latency = what.add_parser("latency", help="accepted to ready")
    latency.add_argument("--rate", type=int, default=100, help="tickets a second [%(default)s]")
    latency.add_argument("--seconds", type=float, default=20.0, help="[%(default)s]")
    idle = what.add_parser("idle", help="nothing to do")
    idle.add_argument("--seconds", type=float, default=20.0, help="[%(default)s]")
    for part in (intake, worker, model, scale, latency, idle):
        part.add_argument("--json", type=Path, help="write the figures to this file")
    return made


def rows_of(options: argparse.Namespace) -> Sequence[Row]:
    """Measures. Raises BenchError."""
    match options.what:
        case "intake":
            return bench_intake(tuple(options.connections), options.seconds, options.repeats)
        case "worker":
            data = StartSettings().data_dir
            if options.install_peers:
                install(data)
            return bench_worker(data, options.tickets, options.repeats)
        case "model":
            return bench_model(options.tickets, options.repeats)
        case "scale":
            return bench_scale((*options.sizes, *((1_000_000,) if options.full else ())))
        case "latency":
            return bench_latency(options.rate, options.seconds)
        case _:
            return bench_idle(options.seconds)


def main() -> int:
    options = parser().parse_args()
    if options.what == "listing":
        return asyncio.run(bench_listing(options.few, options.many))
    if options.what == "agents":
        return asyncio.run(bench_agents(options.agents, options.tickets))
    try:
        return report(options.what, rows_of(options), options.json)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
