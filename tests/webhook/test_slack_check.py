"""The command somebody runs after pasting a webhook URL, as a real process."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.slack_check import ADVICE
from tests.fakes.slack import FakeSlack, Reply
from tests.fakes.slack_rules import problem

ROOT = Path(__file__).parents[2]


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as server:
        yield server


def check(folder: Path, *arguments: str, url: str | None = None) -> subprocess.CompletedProcess[str]:
    """Runs in an empty folder, so that nobody's `.env` is read. Never prints the URL, whatever happens."""
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "SLACK_WEBHOOK_URL": url or ""}
    command = [sys.executable, "-m", "scripts.slack_check", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=60)
    assert "fakefake" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_a_good_url_shows_a_marked_test_message(slack: FakeSlack, tmp_path: Path) -> None:
    done = check(tmp_path, "--url", slack.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Slack took the test message" in done.stdout
    (message,) = slack.delivered
    assert "TEST, nothing to do" in str(message["text"])
    assert slack.problems == []


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(404, "no_service"), ADVICE["no_service"]),
        (Reply(403, "invalid_token"), ADVICE["invalid_token"]),
        (Reply(410, "channel_is_archived"), ADVICE["channel_is_archived"]),
        (Reply(429, "", {"Retry-After": "30"}), "30 s"),
        (Reply(500, "rollup_error"), ADVICE["HTTP 5"]),
        (Reply(302, "", {"Location": "/fakefake"}), ADVICE["redirect"]),
        (Reply(close=True), ADVICE["connection failed"]),
        (Reply(418, "teapot"), "teapot"),
    ],
)
def test_each_refusal_comes_with_what_to_do(slack: FakeSlack, tmp_path: Path, reply: Reply, said: str) -> None:
    slack.script(reply)
    done = check(tmp_path, url=slack.url)
    assert done.returncode == 1
    assert said in done.stdout
    assert len(slack.received) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--url", "http://hooks.slack.com/services/fakefake"],
        ["--url", "fakefake"],
        ["https://hooks.slack.com/services/fakefake"],
        ["--url"],
    ],
)
def test_wrong_use_sends_nothing_and_says_what_is_wrong(tmp_path: Path, arguments: list[str]) -> None:
    done = check(tmp_path, *arguments)
    assert done.returncode == 2
    assert "url" in done.stderr.lower()


def test_dry_run_prints_a_payload_slack_would_take(slack: FakeSlack, tmp_path: Path) -> None:
    done = check(tmp_path, "--dry-run", "--url", slack.url)
    assert done.returncode == 0
    assert problem(json.loads(done.stdout)) is None
    assert slack.received == []
