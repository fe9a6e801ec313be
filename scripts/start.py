"""`python3 -m scripts.start`: everything, from a bare checkout to a running service, with one command.

Makes `.venv` and fills it when needed, then starts Redis, the API and the workers, prints `ready http://HOST:PORT`, and
keeps them running until SIGINT or SIGTERM, which stop all of it. Standard library only until `.venv` stands, and Python
3.6's syntax, so that a Python that is too old says so (scripts/bootstrap.py).
"""

import argparse
import sys

from scripts.bootstrap import enter


def parser() -> argparse.ArgumentParser:
    """The options. What is not given comes from the environment, then from .env, then from the defaults in brackets."""
    options = argparse.ArgumentParser(prog="python3 -m scripts.start", description="Start Smart-Support.")
    options.add_argument("--host", help="address to listen on (HOST) [127.0.0.1]")
    options.add_argument("--port", type=int, help="port to listen on (PORT); 0 takes a free one [8000]")
    options.add_argument("--apis", type=int, default=1, help="API processes, which share the port [1]")
    options.add_argument("--workers", type=int, default=1, help="worker processes; 0 runs the API alone [1]")
    options.add_argument("--data", help="folder of the embedded Redis (DATA_DIR) [.data]")
    options.add_argument("--demo", action="store_true", help="post the sample tickets and show the routed queue")
    return options


def main() -> int:
    options = parser().parse_args()
    if options.apis < 1:
        parser().error("--apis must be 1 or more")
    if options.workers < 0:
        parser().error("--workers must be 0 or more")
    enter("scripts.start", sys.argv[1:])

    from scripts.launch import launch

    return launch(options)


if __name__ == "__main__":
    sys.exit(main())
