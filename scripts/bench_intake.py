"""The intake of the real product against a bare echo and against the echo with one RPUSH, in turns, over HTTP."""

import json
import subprocess
import sys
from dataclasses import dataclass

from scripts.bench_rows import Row
from scripts.bench_stage import BenchError, Stage, stage
from scripts.bootstrap import ROOT

CONNECTIONS = (1, 32, 256)
# Fits the pause between two rounds of a loaded machine; a longer one measures what else runs there.
SECONDS = 2.0
REPEATS = 5
WARM_UP_S = 0.3
ECHO_BAR, RPUSH_BAR = 0.60, 0.90
ALONE = "a lone caller waits for every step in turn, and the echo has no step to Redis"
# Above this share of a core the client itself would be what is measured.
CLIENT_SHARE_BAR = 0.9
# A measurement that takes this much longer than it should is a server that hangs.
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Fired:
    """One measurement of one server."""

    per_s: float
    p99_ms: float
    refused: int
    client_cpu: float


def bench_intake(
    connections: tuple[int, ...] = CONNECTIONS, seconds: float = SECONDS, repeats: int = REPEATS
) -> list[Row]:
    """About (3 * len(connections) + 1) * repeats * (seconds + 1) seconds. Raises BenchError."""
    with stage() as house:
        ours = house.start_api("router")
        pair = house.start_shared_apis(2)
        bare = house.start_api("router.yardstick")
        rows: list[Row] = []
        busiest = 0.0
        refused = 0
        for number in connections:
            taken: dict[str, list[Fired]] = {"tickets": [], "echo": [], "rpush": []}
            for _ in range(repeats):
                for path, measured in taken.items():
                    port = ours if path == "tickets" else bare
                    measured.append(_fire(port, f"/{path}", number, seconds))
                    house.forget()
            mine = tuple(one.per_s for one in taken["tickets"])
            name = f"{number} connection{'s' if number > 1 else ''}"
            slowest = max(one.p99_ms for one in taken["tickets"])
            for path, bar, what in (("echo", ECHO_BAR, "echo"), ("rpush", RPUSH_BAR, "echo + RPUSH")):
                other = tuple(one.per_s for one in taken[path])
                note = ALONE if number == 1 and path == "echo" else ""
                rows.append(Row(f"{name}, against {what}", "req/s", mine, other, bar, note=note))
            rows.append(Row(f"{name}, p99 at its worst", "ms", (slowest,)))
            refused += sum(one.refused for one in taken["tickets"])
            busiest = max([busiest, *(one.client_cpu for measured in taken.values() for one in measured)])
        rows.append(_two_processes(house, pair, ours, max(connections), seconds, repeats))
        rows.append(Row("refused or unanswered", "requests", (refused,), bar=0, at_most=True))
        rows.append(Row("the load generator's share of a core", "", (busiest,), bar=CLIENT_SHARE_BAR, at_most=True))
    return rows


def _two_processes(house: Stage, pair: int, alone: int, connections: int, seconds: float, repeats: int) -> Row:
    """`pair`: the port that two share; `alone`: that of a third."""
    measured = []
    for _ in range(repeats):
        both = []
        for port in (pair, alone):
            both.append(_fire(port, "/tickets", connections, seconds).per_s)
            house.forget()
        measured.append(both)
    two, one = zip(*measured, strict=True)
    note = "on one port; more cores than two are needed to see a gain, since Redis and the client take one"
    return Row(f"{connections} connections, two API processes against one", "req/s", two, one, note=note)


def _fire(port: int, path: str, connections: int, seconds: float) -> Fired:
    command = [
        sys.executable, "-m", "scripts.bench_load", str(port), "--path", path,
        "--connections", str(connections), "--seconds", str(seconds), "--warm-up", str(WARM_UP_S),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=seconds + PATIENCE_S, check=True)  # noqa: S603
    except subprocess.SubprocessError as error:
        raise BenchError(f"the load generator failed: {error}") from error
    said = json.loads(done.stdout)
    refused = sum(said["refused"].values()) + said["unanswered"]
    return Fired(said["per_s"], said["p99_ms"], refused, said["client_cpu"])
