"""What the product costs with nothing to do: CPU of each process, and commands a second in Redis."""

import re
import time

import psutil

from scripts.bench_rows import Row
from scripts.bench_stage import stage

SECONDS = 20.0
CPU_BAR_PERCENT = 1.0
# Start-up's last work: warm models, first looks.
SETTLE_S = 5.0


def bench_idle(seconds: float = SECONDS, settle_s: float = SETTLE_S, engine: str = "minilm") -> list[Row]:
    """About seconds + 15 s. Raises BenchError."""
    with stage() as house:
        port = house.start_api()
        worker = house.start("worker", ENGINE=engine)
        house.wait_warm(port)
        processes = {"API": house.process_of(port), "worker": psutil.Process(worker.pid)}
        for number, child in enumerate(processes["worker"].children(recursive=True), 1):
            processes[f"worker's child {number}"] = child
        processes["Redis"] = psutil.Process(house.redis.process.pid)
        time.sleep(settle_s)
        began, before, commands = time.monotonic(), _cpu(processes), _commands(house.ask("INFO", "stats"))
        time.sleep(seconds)
        took_s, after = time.monotonic() - began, _cpu(processes)
        spent = _commands(house.ask("INFO", "stats")) - commands
    rows = [
        Row(f"{name}, CPU", "%", (100 * (after[name] - before[name]) / took_s,), bar=CPU_BAR_PERCENT, at_most=True)
        for name in processes
    ]
    note = "what scripts call inside counts as well; two of them are the measurement's own"
    return [*rows, Row("commands in Redis", "a second", (spent / took_s,), note=note)]


def _cpu(processes: dict[str, psutil.Process]) -> dict[str, float]:
    return {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}


def _commands(said: bytes) -> int:
    found = re.search(rb"total_commands_processed:(\d+)", said)
    assert found is not None
    return int(found[1])
