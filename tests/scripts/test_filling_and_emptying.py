"""seed, export and redrive as commands against a running house."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import ROOT, House


@pytest.fixture
def house(tmp_path: Path, redis_url: str, namespace: str) -> Iterator[House]:
    house = House(tmp_path, redis_url, namespace, key="a-key")
    house.start()
    yield house
    house.close()


def command(house: House, name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", f"scripts.{name}", "--url", house.url, *arguments],
        cwd=ROOT, env={**os.environ, "API_KEYS": "a-key", "COLUMNS": "100"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def accepted(house: House) -> int:
    return int(house.api.get("/stats").json()["conservation"]["accepted"])


def test_a_csv_is_sent_once_however_often(house: House, tmp_path: Path) -> None:
    file = tmp_path / "old tickets.csv"
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["nr", "topic", "text", "mail"])
        writer.writerows(
            [n, f"topic {n}", f'line "one"\nline, two of {n}\x07', f"p{n % 3}@example.com"] for n in range(450)
        )
        writer.writerow([450, "", "  ", "nobody@example.com"])
    options = ("--subject", "topic", "--body", "text", "--requester", "mail")
    first = command(house, "seed", str(file), *options, "--limit", "250")
    assert first.returncode == 0 and "250 sent, 0 were there before, 0 refused" in first.stdout, first
    second = command(house, "seed", str(file), *options)
    assert second.returncode == 1 and "200 sent, 250 were there before, 1 refused" in second.stdout, second
    assert "row 451" in second.stdout and accepted(house) == 450
    listed = house.api.get("/tickets", params={"requester": "p0@example.com", "limit": 200}).json()["items"]
    assert len(listed) == 150 and "line, two of" in listed[0]["body"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tickets.csv", "a,b\n1,2\n", "say which column holds the text"),
        ("tickets.jsonl", '{"body": "x"}\nnot json\n', "line 2 is not JSON"),
        ("tickets.txt", "hello", "neither .csv nor .jsonl"),
        ("tickets.csv", "", "holds no rows"),
    ],
)
def test_a_file_that_makes_no_sense_is_said_in_words(
    house: House, tmp_path: Path, name: str, content: str, said: str
) -> None:
    file = tmp_path / name
    file.write_text(content)
    result = command(house, "seed", str(file))
    assert result.returncode == 2 and said in result.stderr and "Traceback" not in result.stderr
    assert accepted(house) == 0


def test_export_writes_what_was_resolved(house: House, tmp_path: Path) -> None:
    for number in range(3):
        house.submit(f"matter {number}")
    for _ in range(2):
        ticket = house.api.post("/tickets/next").json()
        body = {"lease_token": ticket["lease"]["token"], "response": "dönе"}
        house.api.post(f"/tickets/{ticket['ticket_id']}/resolve", json=body)
    file = tmp_path / "out.jsonl"
    result = command(house, "export", str(file))
    assert result.returncode == 0 and "2 tickets written" in result.stdout, result
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["response"] for line in lines] == ["dönе", "dönе"] and {line["status"] for line in lines} == {
        "resolved"
    }
    everything = command(house, "export", str(file), "--status", "all")
    assert "3 tickets written" in everything.stdout and len(file.read_text().splitlines()) == 3


def test_redrive_says_what_cannot_be_tried_again(house: House) -> None:
    alive = house.submit("not dead at all")
    assert command(house, "redrive").stdout.strip() == "0 tried again"
    result = command(house, "redrive", alive, "nothing")
    assert result.returncode == 1 and "2 refused" in result.stdout


def test_nobody_there_is_said_in_words(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    file.write_text('{"body": "x"}\n')
    for name, arguments in (("seed", [str(file)]), ("export", [str(tmp_path / "out")]), ("redrive", [])):
        result = subprocess.run(
            [sys.executable, "-m", f"scripts.{name}", "--url", "http://127.0.0.1:1", *arguments],
            cwd=ROOT, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert result.returncode == 2 and result.stderr.startswith(f"{name}: ") and "Traceback" not in result.stderr
