"""The task queues that our worker is measured against, each in an environment that is not ours."""

import os
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path

from scripts.bench_stage import BenchError
from scripts.bootstrap import ROOT

REQUIREMENTS = ROOT / "scripts" / "bench_requirements.txt"
# Three small packages.
INSTALL_S = 300.0


@dataclass(frozen=True, slots=True)
class Peer:
    """`fill` is the module that enqueues COUNT jobs, `worker` the module and arguments that work them off.

    `left` is the Redis command that tells how many are not done. `jobs`: as many as take about three seconds.
    """

    name: str
    fill: str
    worker: tuple[str, ...]
    left: tuple[str, ...]
    jobs: int
    environment: dict[str, str] = field(default_factory=dict)


def _dramatiq(processes: int) -> Peer:
    return Peer(
        f"Dramatiq, {processes} x 8 threads",
        "scripts.bench_peer_dramatiq",
        ("dramatiq", "scripts.bench_peer_dramatiq", "--processes", str(processes), "--threads", "8"),
        ("HLEN", "dramatiq:bench.msgs"),
        5_000,
        {"DRAMATIQ_WORKER": "1"},
    )


RQ = Peer(
    "RQ",
    "scripts.bench_peer_rq",
    ("rq.cli", "worker", "bench", "--url", "{url}", "--quiet"),
    ("LLEN", "rq:queue:bench"),
    300,
)
ARQ = Peer(
    "arq",
    "scripts.bench_peer_arq",
    ("arq", "scripts.bench_peer_arq.Worker"),
    ("ZCARD", "arq:queue"),
    1_500,
    {"ARQ_WORKER": "1"},
)
# As many processes as the smallest machine we aim at has cores, and one against our one.
DRAMATIQ = (_dramatiq(1), _dramatiq(2))


def peers_python(data: Path) -> Path:
    """Where the peers' interpreter is, if it is."""
    return data / ".bench" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(data: Path) -> None:
    """Makes the peers' environment under `data`, again whenever it is asked for. Raises BenchError."""
    folder = data / ".bench"
    print(f"installing {REQUIREMENTS.name} into {folder}", file=sys.stderr)
    venv.create(folder, with_pip=True, clear=True)
    command = [str(peers_python(data)), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)]
    try:
        subprocess.run(command, check=True, timeout=INSTALL_S, stdout=sys.stderr)  # noqa: S603 - our own list
    except (OSError, subprocess.SubprocessError) as error:
        raise BenchError(f"the peers could not be installed: {error}") from error
