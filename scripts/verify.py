"""`python3 -m scripts.verify`: the set-up of `scripts.start`, then every check and every test; exit code 0 if all pass.

    python3 -m scripts.verify                          everything
    python3 -m scripts.verify --only types             one check, or several: lint, format, types, tests
    python3 -m scripts.verify tests/broker -k lease    what is left over goes to pytest

Standard library only until `.venv` stands, and Python 3.6's syntax, as in scripts/start.py.
"""

import argparse
import subprocess
import sys
import time

from scripts.bootstrap import ROOT, enter

CHECKS = ("lint", "format", "types", "tests")
COMMANDS = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    # Tests mostly wait, for processes and leases: three at a time keep two cores busy.
    "tests": ["pytest", "-n", "3", "--dist", "loadfile"],
}


def run(name: str, further: "list[str]") -> "tuple[int, float]":
    """The exit code and the seconds of one check, its output shown as it comes."""
    command = [sys.executable, "-m"] + COMMANDS[name] + further
    print("\n== {}: {}".format(name, " ".join(command[2:])), flush=True)
    began = time.monotonic()
    code = subprocess.call(command, cwd=str(ROOT))  # noqa: S603 - our own commands
    return code, time.monotonic() - began


def main() -> int:
    options = argparse.ArgumentParser(
        prog="python3 -m scripts.verify",
        description="Every check and test. What is left over goes to pytest.",
        allow_abbrev=False,
    )
    options.add_argument("--only", choices=CHECKS, action="append", help="only this check; may be given again")
    chosen, for_pytest = options.parse_known_args()
    enter("scripts.verify", sys.argv[1:])

    names = [name for name in CHECKS if name in (chosen.only or CHECKS)]
    results = []
    for position, name in enumerate(names, start=1):
        print(f"\n[{position}/{len(names)}]", end="")
        code, elapsed_s = run(name, for_pytest if name == "tests" else [])
        results.append((name, code, elapsed_s))
    print_summary(results)
    return 1 if any(code for _, code, _ in results) else 0


def print_summary(results: "list[tuple[str, int, float]]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="verify", title_justify="left")
    table.add_column("check")
    table.add_column("result")
    table.add_column("seconds", justify="right")
    for name, code, elapsed_s in results:
        table.add_row(name, "[red]failed[/]" if code else "[green]passed[/]", f"{elapsed_s:.1f}")
    table.add_row("all", "", f"{sum(elapsed_s for _, _, elapsed_s in results):.1f}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
