"""Short storms at a real house with the stand-in engine: what they count is what the house knows."""

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from scripts.storm import main
from tests.house import ROOT, House
from tests.redis_server import RedisServer

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"), redis_server.url, f"storm-{uuid.uuid4().hex[:8]}", key="a-key")
    house.start()
    yield house
    house.close()


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "a-key")


def storm(house: House, folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the report."""
    file = folder / "report.json"
    code = main([house.url, "--json", str(file), "--timeout-s", "30", *options])
    report: dict[str, Any] = json.loads(file.read_text())
    return code, report


def accepted(house: House) -> int:
    return int(house.api.get("/stats").json()["conservation"]["accepted"])


class Page(HTMLParser):
    """What a page holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(value) for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "polyline", "polygon", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_an_open_storm_with_agents(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = house.submit("a ticket of somebody else, critical outage")
    before = accepted(house)
    page = tmp_path / "report.html"
    limits = ("--max-p99-ms", "30000", "--max-error-rate", "0", "--max-drain-s", "60")
    options = ("--rate", "150", "--seconds", "2", "--agents", "4", *limits)
    code, report = storm(house, tmp_path, *options, "--html", str(page))
    assert code == 0 and report["ok"] and report["lost"] == 0 and report["error_rate"] == 0
    number = report["accepted"]
    assert number == report["asked"] == accepted(house) - before > 0
    assert report["statuses"] == {"202": number} and report["latency"]["count"] == number
    assert report["account"]["statuses"] == {"resolved": number} and report["account"]["counted"] == number
    assert report["pulls"]["resolved"] == number == report["pulls"]["accept_to_pull"]["count"]
    assert report["pulls"]["twice"] == 0 and report["pulls"]["troubles"] == {}
    # What was there before the storm is given back as it was.
    assert report["pulls"]["foreign"] == 1 and house.ticket(theirs)["status"] == "completed"
    followed = report["accept_to_ready"]
    assert 100 < followed["count"] <= 200 and 0 < followed["p50_ms"] <= followed["max_ms"] < 60_000
    assert sum(second["asked"] for second in report["seconds"]) == number == sum(bar["count"] for bar in report["bars"])
    assert [one["at_s"] for one in report["looks"]] == sorted(one["at_s"] for one in report["looks"])

    out = capsys.readouterr().out
    assert f"accepted {number:,} (" in out and "lost 0\n" in out and "ok      p99 " in out and "balanced" in out

    drawn = Page(page.read_text())
    assert drawn.open == [] and drawn.links == [] and "script" not in drawn.tags
    assert drawn.tags.count("svg") == 4 and drawn.tags.count("polyline") == 9
    assert f"{number:,}" in drawn.texts and "Nothing lost, every threshold held" in drawn.texts
    text = page.read_text().replace(house.url, "")
    assert not [loader for loader in ("http:", "https:", "url(", "@import") if loader in text]


def test_a_closed_storm_of_every_language_and_size(house: House, tmp_path: Path) -> None:
    code, report = storm(house, tmp_path, "--clients", "8", "--tickets", "120", "--profile", "mixed")
    assert (code, report["asked"], report["accepted"], report["statuses"]) == (0, 120, 120, {"202": 120})
    assert sum(report["account"]["statuses"].values()) == 120 and report["pulls"] is None
    shown = house.api.get("/tickets?limit=200").json()["items"]
    sizes = [
        len(ticket["body"] + ticket["description"]) for ticket in shown if ticket["ticket_id"].startswith(report["run"])
    ]
    assert len(sizes) == 120 and min(sizes) < 100 and max(sizes) > 5_000


def test_a_flood_folds_and_nothing_of_it_is_lost(house: House, tmp_path: Path) -> None:
    options = ("--profile", "flood", "--rate", "400", "--tickets", "800", "--arrivals", "even", "--seed", "5")
    code, report = storm(house, tmp_path, *options)
    assert code == 0 and report["account"]["checked"] == 800 and report["account"]["statuses"]["completed"] > 0
    assert report["account"]["statuses"]["master_incident"] > 0
    assert sum(report["account"]["statuses"].values()) == 800


def test_hostile_requests_are_refused_and_counted_apart(house: House, tmp_path: Path) -> None:
    before = accepted(house)
    code, report = storm(house, tmp_path, "--profile", "hostile", "--rate", "150", "--tickets", "150")
    assert code == 0 and report["error_rate"] == 0 and report["accepted"] == accepted(house) - before < 150
    assert len(report["hostile"]) >= 25 and all(kind["wrong"] == 0 for kind in report["hostile"])
    outcomes = {outcome for kind in report["hostile"] for outcome in kind["outcomes"]}
    assert outcomes == {"refused", "we hung up"}
    assert {status[0] for kind in report["hostile"] for status in kind["statuses"]} == {"4"}


def test_a_missed_threshold_is_exit_code_1(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = storm(house, tmp_path, "--tickets", "5", "--max-p99-ms", "0.001", "--max-error-rate", "0")
    assert code == 1 and not report["ok"] and report["lost"] == 0
    assert "FAILED  p99 " in capsys.readouterr().out


def test_more_than_can_be_sent_is_dropped_and_said(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overload = ("--rate", "20000", "--seconds", "0.2", "--connections", "1", "--timeout-s", "0.1", "--arrivals", "even")
    code, report = storm(house, tmp_path, *overload, "--max-error-rate", "0.01")
    assert code == 1 and report["dropped"] > 0 and report["lost"] == 0
    assert report["asked"] == 4_000 == report["dropped"] + report["accepted"] + report["troubles"].get("timeout", 0)
    # No omission: a send that was given up counts with the time it was waited for.
    assert report["latency"]["count"] == 4_000 and report["latency"]["p99_ms"] >= 100
    assert f"dropped {report['dropped']:,}" in capsys.readouterr().out


def test_ctrl_c_ends_the_sending_and_not_the_count(house: House) -> None:
    before = accepted(house)
    command = [sys.executable, "-m", "scripts.storm", house.url, "--seconds", "600", "--quiet", "--api-key", "a-key"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + PATIENCE_S
        while accepted(house) == before:
            assert time.monotonic() < deadline and process.poll() is None
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0 and "stopped early" in out and "lost 0\n" in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["http://127.0.0.1:1"], "nothing answers at http://127.0.0.1:1 (refused)"),
        (["http://192.0.2.1"], "is not this machine"),
        (["ftp://127.0.0.1"], "is no URL of an API"),
        (["http://127.0.0.1:99999"], "is no URL"),
        (["http://127.0.0.1:1", "--api-key", "no\nway"], "visible ASCII"),
    ],
)
def test_no_storm_is_exit_code_2_and_a_sentence(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options) == 2
    error = capsys.readouterr().err
    assert error.startswith("storm: ") and said in error and error.count("\n") == 1


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["http://127.0.0.1", "--clients", "3", "--rate", "5"],
        ["http://127.0.0.1", "--clients", "3", "--profile", "spike"],
        ["http://127.0.0.1", "--rate", "many"],
        ["http://127.0.0.1", "--spike", "5"],
        ["http://127.0.0.1", "--tickets", "0"],
    ],
)
def test_options_that_make_no_sense(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(options)
    assert end.value.code == 2 and "error: " in capsys.readouterr().err


def test_a_wrong_key_is_said(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([house.url, "--api-key", "another"]) == 2
    assert "the house wants an API key" in capsys.readouterr().err


def test_its_own_ceiling(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.storm_ceiling.SECONDS", 0.2)
    assert main(["--ceiling"]) == 0
    assert "tickets a second at 32 clients against an empty server" in capsys.readouterr().out
