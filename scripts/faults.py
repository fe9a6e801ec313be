"""`python -m scripts.faults`: attacks the real product while tickets flow, and proves that nothing is lost, stuck or doubled.

    python -m scripts.faults                          the long form, about ten minutes on two cores
    python -m scripts.faults --short                  a strike or three of each kind, about a minute
    python -m scripts.faults --only kill-redis,slack-hang --seed 7 --json drill.json

It starts a Redis, an API and two workers of its own on loopback, in a folder that is gone afterwards. Clients hand tickets in
and agents resolve them throughout. After each fault the house's numbers are compared with what clients and agents were told;
at the end everything must be resolved and every alert delivered. Exit code 0 if every promise held, 1 if one was broken.
"""

import argparse
import asyncio
import logging
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from scripts import (
    fault_alerts,
    fault_api,
    fault_clients,
    fault_memory,
    fault_models,
    fault_network,
    fault_poison,
    fault_redis,
    fault_workers,
)
from scripts.fault_drill import Drill, Fault
from scripts.fault_ending import finish
from scripts.fault_table import Report, Row

FAULTS: tuple[Fault, ...] = (
    *fault_alerts.FAULTS,
    *fault_workers.FAULTS,
    *fault_poison.FAULTS,
    *fault_api.FAULTS,
    *fault_redis.FAULTS,
    *fault_memory.FAULTS,
    *fault_clients.FAULTS,
    *fault_network.FAULTS,
    *fault_models.FAULTS,
)
# A broken promise. The logs are kept then.
FAILED = 1
# Of the table where no terminal gives its own.
FILE_WIDTH = 140


def main() -> int:
    options = read_options()
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # also where a shell started us in the background, deaf to it
    logging.basicConfig(level=logging.CRITICAL)
    console = Console(stderr=True, width=None if sys.stderr.isatty() else FILE_WIDTH)
    folder = Path(tempfile.mkdtemp(prefix="smart-support-faults-"))
    report = Report(options.seed, options.short)
    began = time.monotonic()
    try:
        asyncio.run(attack(report, chosen(options.only), folder, console))
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("stopped; nothing is left running")
        shutil.rmtree(folder, ignore_errors=True)
        return 130
    report.elapsed_s = round(time.monotonic() - began, 1)
    report.show(Console(width=None if sys.stdout.isatty() else FILE_WIDTH))
    if options.json:
        report.write(options.json)
    if report.ok:
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    console.print(f"the logs of the parts are in {folder}", highlight=False)
    return FAILED


def read_options() -> argparse.Namespace:
    options = argparse.ArgumentParser(
        prog="python -m scripts.faults", description="Attacks the product while tickets flow."
    )
    options.add_argument("--short", action="store_true", help="a strike or three of each kind, under a minute")
    options.add_argument("--seed", type=int, default=1, help="of everything drawn at random (default 1)")
    options.add_argument("--only", default="", help="comma list of: " + ", ".join(fault.name for fault in FAULTS))
    options.add_argument("--json", type=Path, metavar="FILE", help="write the report there too")
    read = options.parse_args()
    unknown = set(filter(None, read.only.split(","))) - {fault.name for fault in FAULTS}
    if unknown:
        options.error(f"no such fault: {', '.join(sorted(unknown))}")
    return read


def chosen(only: str) -> list[Fault]:
    names = set(filter(None, only.split(",")))
    return [fault for fault in FAULTS if not names or fault.name in names]


def times_of(fault: Fault, *, short: bool) -> int:
    return fault.short if short else fault.long


async def attack(report: Report, faults: list[Fault], folder: Path, console: Console) -> None:
    """Fault by fault; a drill that broke down is a failure with its reason, and everything is stopped either way."""
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)
    bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*bars, console=console, transient=True) as progress:
        try:
            async with Drill(folder, seed=report.seed, short=report.short) as drill:
                for fault in [fault for fault in faults if times_of(fault, short=report.short)]:
                    report.rows.append(await strike(drill, fault, progress, console))
                await finish(drill, report)
        except Exception as error:  # the drill itself broke down: that proves nothing, and says where
            console.print_exception()
            report.failures.append(f"the drill broke down: {type(error).__name__}: {error}")


async def strike(drill: Drill, fault: Fault, progress: Progress, console: Console) -> Row:
    """One fault as often as its form says, then the comparison of the books."""
    row = Row(fault.name, fault.says)
    times = times_of(fault, short=drill.short)
    bar = progress.add_task(fault.says, total=times)
    began = time.monotonic()
    for _ in range(times):
        await fault.inflict(drill, row)
        progress.advance(bar)
    await drill.watched()
    await drill.settle(row)
    progress.remove_task(bar)
    notes = "".join(f", {count} {name}" for name, count in row.notes.items())
    console.print(
        f"{'FAILED' if row.failures else 'held'}  {fault.says}: {row.times} times in {time.monotonic() - began:.1f} s, "
        f"longest recovery {row.recovery_s:.1f} s{notes}",
        highlight=False,
    )
    for failure in row.failures:
        console.print(f"        {failure}", highlight=False)
    return row


if __name__ == "__main__":
    sys.exit(main())
