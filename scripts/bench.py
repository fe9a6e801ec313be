"""`python -m scripts.bench WHAT`: measurements, each on an embedded Redis of its own, as ratios taken side by side in one run.

listing   GET /tickets' searches on few and on many tickets
agents    scripted agents with long polls draining a full queue over HTTP, each ticket handled exactly once
"""

import argparse
import asyncio
import sys

from scripts.bench_agents import bench_agents
from scripts.bench_listing import bench_listing


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.bench", description=(__doc__ or "").splitlines()[0])
    what = parser.add_subparsers(dest="what", required=True)
    listing = what.add_parser("listing", help="searches on few and on many tickets")
    listing.add_argument("--few", type=int, default=2_000, help="[%(default)s]")
    listing.add_argument("--many", type=int, default=200_000, help="[%(default)s]")
    agents = what.add_parser("agents", help="agents draining a queue")
    agents.add_argument("--agents", type=int, default=50, help="[%(default)s]")
    agents.add_argument("--tickets", type=int, default=5_000, help="[%(default)s]")
    options = parser.parse_args()
    if options.what == "listing":
        return asyncio.run(bench_listing(options.few, options.many))
    return asyncio.run(bench_agents(options.agents, options.tickets))


if __name__ == "__main__":
    sys.exit(main())
