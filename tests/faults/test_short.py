"""The short form of the drill, as anybody runs it; and what happens when somebody stops it half way."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from scripts.faults import FAULTS

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "scripts.faults", "--short"]


def test_every_promise_holds(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    drill = subprocess.run([*COMMAND, "--json", str(file)], cwd=ROOT, capture_output=True, text=True, timeout=180)
    assert drill.returncode == 0, drill.stdout + drill.stderr
    report = json.loads(file.read_text())
    assert report["ok"] and report["failures"] == []
    rows = {row["name"]: row for row in report["rows"]}
    assert set(rows) == {fault.name for fault in FAULTS if fault.short}
    for fault in FAULTS:
        assert not fault.short or rows[fault.name]["times"] >= fault.short, fault.name
    assert all(row["lost"] == row["stuck"] == row["doubly_leased"] == 0 for row in rows.values())
    assert rows["kill-worker"]["notes"]["in mid-batch"] == 3
    assert rows["kill-worker"]["notes"]["tickets judged again"] > 0
    assert rows["freeze-worker"]["notes"]["late results dropped"] > 0
    assert rows["poison"]["notes"]["workers killed by them"] >= 2
    assert rows["full-redis"]["notes"]["requests turned away"] > 0
    assert report["totals"]["alerts repeated and saying so"] > 0, "the dead sender's"
    assert report["totals"]["repeated without"] == 0
    terms = dict(report["conservation"])
    assert terms.pop("accepted") == sum(terms.values()) > 1000
    assert terms["resolved"] + terms["folded"] == sum(terms.values()), "everything came to its end"


def test_stopped_half_way_it_leaves_nothing_running(tmp_path: Path) -> None:
    drill = subprocess.Popen(
        [*COMMAND, "--only", "freeze-redis"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        parts = wait_for_parts(drill.pid)
        drill.send_signal(signal.SIGINT)
        drill.communicate(timeout=40)
    finally:
        drill.kill()
    assert drill.returncode == 130
    _, alive = psutil.wait_procs(parts, timeout=5)
    assert alive == []
    assert list(tmp_path.iterdir()) == [], "its folder is gone too"


def wait_for_parts(pid: int) -> list[psutil.Process]:
    """Redis, the API and both workers."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        children = psutil.Process(pid).children(recursive=True)
        if len(children) >= 4:
            return list(children)
        time.sleep(0.05)
    raise AssertionError("the drill did not start its parts")


def test_an_unknown_fault_is_named() -> None:
    drill = subprocess.run([*COMMAND, "--only", "no-such"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert drill.returncode == 2 and "no-such" in drill.stderr
