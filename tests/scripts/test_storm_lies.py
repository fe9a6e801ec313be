"""A storm at houses that lose tickets must say so. The proof is worth nothing if it can't fail."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.storm import main
from tests.scripts.deceitful_house import Deceit, deceitful_house


def storm(url: str, folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the report."""
    file = folder / "report.json"
    bounds = ("--rate", "500", "--tickets", "30", "--patience-s", "5", "--timeout-s", "30")
    code = main([url, *bounds, "--json", str(file), *options])
    report: dict[str, Any] = json.loads(file.read_text())
    return code, report


def test_a_house_that_forgets_every_ticket(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with deceitful_house(Deceit(forgets_each=1)) as url:
        code, report = storm(url, tmp_path)
    assert (code, report["lost"], report["accepted"]) == (1, 30, 30)
    assert report["missed"] == ["lost"] and not report["ok"]
    out = capsys.readouterr().out
    assert f"lost 30: {report['account']['named'][0]}" in out and "FAILED  lost 30, at most 0" in out


def test_a_few_missing_ones_are_named_and_may_be_allowed(tmp_path: Path) -> None:
    with deceitful_house(Deceit(forgets_each=10)) as url:
        code, report = storm(url, tmp_path, "--lost", "3")
        assert (code, report["lost"], len(report["account"]["named"])) == (0, 3, 3)
        code, report = storm(url, tmp_path, "--lost", "2")
        assert (code, report["lost"], report["missed"]) == (1, 3, ["lost"])


def test_books_that_know_of_fewer_tickets_than_were_acknowledged(tmp_path: Path) -> None:
    with deceitful_house(Deceit(counts=0.5)) as url:
        code, report = storm(url, tmp_path)
    assert report["account"]["missing"] == 0
    assert (code, report["lost"], report["missed"]) == (1, 15, ["lost"])


def test_when_only_some_are_looked_up_the_books_still_tell(tmp_path: Path) -> None:
    with deceitful_house(Deceit(counts=0.5)) as url:
        code, report = storm(url, tmp_path, "--check", "5")
    assert (report["account"]["checked"], report["lost"], code) == (5, 15, 1)


def test_a_ticket_handed_out_twice(tmp_path: Path) -> None:
    with deceitful_house(Deceit(hands_out=2, counts=1)) as url:
        code, report = storm(url, tmp_path, "--agents", "3")
    assert (code, report["missed"]) == (1, ["resolved twice"])
    assert report["pulls"]["twice"] > 0


def test_sends_without_an_answer_are_looked_up_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with deceitful_house(Deceit(hangs_up_each=3, counts=1)) as url:
        code, report = storm(url, tmp_path)
    assert (code, report["accepted"], report["troubles"]) == (0, 20, {"cut": 10})
    assert (report["lost"], report["error_rate"]) == (0, pytest.approx(1 / 3, abs=1e-6))
    assert "of 10 sends without an answer 10 had arrived" in capsys.readouterr().out


def test_what_cannot_be_measured_does_not_hold(tmp_path: Path) -> None:
    with deceitful_house(Deceit()) as url:
        code, report = storm(url, tmp_path, "--max-drain-s", "60")
    assert (code, report["missed"], report["drain_s"]) == (1, ["drain"], None)


def test_a_refusal_is_shown_and_never_obeyed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    with deceitful_house(Deceit(refuses="<script>alert(1)</script>")) as url:
        code, report = storm(url, tmp_path, "--max-error-rate", "0.5", "--html", str(page))
    assert (code, report["missed"], report["statuses"], report["error_rate"]) == (1, ["error rate"], {"400": 30}, 1)
    assert "400 says" in capsys.readouterr().out
    assert "&lt;script&gt;" in page.read_text() and "<script" not in page.read_text()


def test_a_house_that_breaks_under_hostile_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.storm_hostile.TIMEOUT_S", 1.0)  # this house waits for the whole of a body
    with deceitful_house(Deceit()) as url:
        code, report = storm(url, tmp_path, "--profile", "hostile", "--tickets", "80")
    assert (code, report["missed"]) == (1, ["hostile, wrongly answered"])
    broken = {kind["kind"] for kind in report["hostile"] if kind["wrong"]}
    assert {"invalid JSON", "blank"} <= broken
    # Counted apart: the ordinary tickets among them all got in.
    assert report["error_rate"] == 0 and report["accepted"] == report["asked"] < 80
