"""Each part of scripts.bench in a tiny form against the real thing: its rows are there, whatever the figures."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from scripts.bench import parser
from scripts.bench_idle import bench_idle
from scripts.bench_intake import bench_intake
from scripts.bench_latency import bench_latency
from scripts.bench_load import fire
from scripts.bench_model import bench_model
from scripts.bench_rows import Row, report
from scripts.bench_scale import bench_scale
from scripts.bench_stage import BenchError, stage
from scripts.bench_worker import bench_worker


def shown(rows: Sequence[Row]) -> dict[str, Row]:
    """By name; every figure that is not a difference is a positive number."""
    assert all(row.skipped or all(value >= 0 for value in row.values) for row in rows if row.unit != "s")
    return {row.name: row for row in rows}


def test_the_intake_is_measured_against_both_yardsticks_and_refuses_nothing() -> None:
    rows = shown(bench_intake(connections=(4,), seconds=0.3, repeats=1))
    for other in ("echo", "echo + RPUSH"):
        assert rows[f"4 connections, against {other}"].judged[0] > 0
    assert rows["refused or unanswered"].values == (0,)
    assert rows["4 connections, two API processes against one"].judged[0] > 0


def test_the_worker_is_measured_and_peers_that_are_not_installed_are_named(tmp_path: Path) -> None:
    rows = shown(bench_worker(tmp_path, tickets=400, repeats=1))
    assert rows["one worker, against the unsafe loop"].judged[0] > 0
    for peer in ("RQ", "arq", "Dramatiq"):
        assert "--install-peers" in rows[f"one worker, against {peer}"].skipped


def test_the_real_model_is_measured_against_its_own_pass() -> None:
    rows = shown(bench_model(tickets=48, repeats=1))
    assert all(row.judged[0] > 0 for row in rows.values()) and len(rows) == 2


def test_few_and_many_tickets_are_compared() -> None:
    rows = shown(bench_scale((50, 150), start_pending=100, rounds=1))
    assert rows["next, and release: 150 against 50"].judged[0] > 0
    assert rows["Redis, a ticket of 150"].values[0] > 500
    assert len(rows["start-up, what 100 pending tickets add"].values) == 1


def test_accepted_to_ready_is_measured() -> None:
    rows = shown(bench_latency(per_s=50, seconds=1, engine="stub"))
    assert rows["accepted to ready at 50/s, p95"].values[0] > 0


def test_idling_is_measured_for_each_process() -> None:
    rows = shown(bench_idle(seconds=1, settle_s=0, engine="stub"))
    assert {"API, CPU", "worker, CPU", "Redis, CPU"} <= set(rows)
    assert rows["commands in Redis"].values[0] > 0


def test_nothing_is_left_of_a_stage() -> None:
    before = {child.pid for child in psutil.Process(os.getpid()).children(recursive=True)}
    with pytest.raises(BenchError, match="exit code 2"), stage() as house:
        folder = house.folder
        assert house.ask_number("DBSIZE") == 0
        house.start("worker", ENGINE="stub")
        house.start_api(RATE_LIMIT="often")
    assert {child.pid for child in psutil.Process(os.getpid()).children(recursive=True)} <= before
    assert not folder.exists()


async def test_the_load_generator_counts_what_is_refused() -> None:
    with stage() as house:
        port = house.start_api(RATE_LIMIT="50/minute")
        said = await fire(port, b"/tickets", connections=2, seconds=0.3, warm_up_s=0)
        assert said["refused"] == {"429": said["refused"].get("429")}
        assert said["unanswered"] == 0


def test_a_missed_bar_is_the_exit_code_and_every_repeat_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    met = Row("fast enough", "req/s", (6.0, 9.0, 12.0), (10.0, 10.0, 10.0), bar=0.9)
    missed = Row("too slow", "ms", (150.0,), bar=100, at_most=True)
    absent = Row("not here", skipped="nobody installed it")
    assert report("part", [met, absent], None) == 0
    assert report("part", [met, missed], file) == 1
    out = capsys.readouterr().out
    assert "MISSED" in out and "nobody installed it" in out and "0.6 to 1.20" in out
    rows = json.loads(file.read_text())["rows"]
    assert rows[0]["ratio"] == 0.9 and rows[0]["values"] == [6, 9, 12] and rows[0]["met"] and not rows[1]["met"]


def test_every_part_has_its_place_on_the_command_line() -> None:
    for part in ("intake", "worker", "model", "scale", "latency", "idle"):
        assert parser().parse_args([part, "--json", "x.json"]).json == Path("x.json")
