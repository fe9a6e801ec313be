"""What a newcomer does with the README in hand, on the real thing: `scripts.start`, the packaged model, HTTP, a fake Slack."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.fakes.slack import FakeSlack

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0


class Product:
    """`python3 -m scripts.start` on a data folder; started and stopped as often as a test likes."""

    def __init__(self, data: Path, slack_url: str) -> None:
        self._data = data
        self._environment = {
            **{name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "ENGINE", "API_KEYS")},
            "SLACK_WEBHOOK_URL": slack_url,
            "BREAKER_OPEN_SECONDS": "1",
        }
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "scripts.start", "--port", "0", "--data", str(self._data)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if ready := re.match(r"ready (http://\S+)", line):
                # The pool closes connections it has too many of, sometimes one that another thread has just begun to use.
                limits = httpx.Limits(max_keepalive_connections=None, keepalive_expiry=None)
                self.http = httpx.Client(base_url=ready[1], timeout=60, trust_env=False, limits=limits)
                return
        raise AssertionError(f"ended with {self.process.wait()} before it was ready")

    def stop(self) -> None:
        """Ctrl-C, and nothing may be left."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.http.close()
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(timeout=60) == 0
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []
        if self.process.stdout:
            self.process.stdout.close()

    def post(self, subject: str, **fields: str) -> dict[str, Any]:
        """The judged ticket."""
        answer = self.http.post("/tickets", params={"wait": 30}, json={"subject": subject, **fields})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        return dict(self.http.get(f"/tickets/{ticket_id}").json())

    def queue(self) -> list[dict[str, Any]]:
        return list(self.http.get("/queue", params={"limit": 200}).json()["items"])

    def model_pid(self) -> int | None:
        reports = self.http.get("/health/deep").json()["parts"]["workers"]["reports"]
        return reports[0].get("model_pid") if reports else None

    def models_are_back(self) -> bool:
        parts = self.http.get("/health/deep").json()["parts"]
        return bool(parts["models"]["status"] == "ok" and parts["breaker"]["status"] == "ok")


@pytest.fixture(scope="module")
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as fake:
        yield fake


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, slack: FakeSlack) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("data"), slack.url)
    yield product
    product.stop()


def eventually(condition: Any) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up, "it did not come true in time"
        time.sleep(0.1)


def test_it_is_up(product: Product) -> None:
    assert product.http.get("/health").json() == {"status": "ok"}
    deep = product.http.get("/health/deep")
    assert deep.status_code == 200 and set(deep.json()["parts"]) == {
        "redis", "workers", "models", "breaker", "slack", "backlog"
    }  # fmt: skip


def test_a_ticket_is_accepted_at_once_and_goes_its_way(product: Product, slack: FakeSlack) -> None:
    answer = product.http.post("/tickets", json={"subject": "CRITICAL server outage immediately"})
    assert answer.status_code == 202 and answer.json()["status"] == "accepted"
    seen: list[str] = []

    def done() -> bool:
        status = product.http.get(answer.json()["status_url"]).json()["status"]
        seen.append(status)
        return bool(status == "completed")

    eventually(done)
    assert set(seen) <= {"pending", "processing", "completed"}
    ticket = product.ticket(answer.json()["ticket_id"])
    assert (ticket["category"], ticket["urgency_label"], ticket["assigned_agent"]) == ("Technical", "high", "Agent1")
    assert ticket["engine"] == "minilm" and ticket["ai_status"] == "done" and ticket["reasons"]
    assert slack.wait_delivered(1, timeout_s=30), "Slack hears of it"
    assert slack.problems == [] and ticket["ticket_id"] in json.dumps(slack.delivered[0])


def test_urgent_outranks_trivial_and_comes_first(product: Product) -> None:
    minor = product.post("Minor UI issue")
    queue = product.http.get("/queue").json()["items"]
    assert [ticket["subject"] for ticket in queue] == ["CRITICAL server outage immediately", "Minor UI issue"]
    first = product.http.post("/tickets/next").json()
    assert first["subject"] == "CRITICAL server outage immediately"
    second = product.http.get("/tickets/next").json()
    assert second["ticket_id"] == minor["ticket_id"]
    assert product.http.post("/tickets/next").status_code == 404
    for ticket in (first, second):
        path = f"/tickets/{ticket['ticket_id']}/resolve"
        assert product.http.post(path, json={"lease_token": "stale"}).status_code == 409
        done = product.http.post(path, json={"lease_token": ticket["lease"]["token"], "response": "Done."})
        assert done.json()["status"] == "resolved" and done.json()["response"] == "Done."


def test_skills_decide(product: Product) -> None:
    technical = product.post("API server crash and error")
    billing = product.post("Refund and billing charge issue")
    assert (technical["category"], technical["assigned_agent"]) == ("Technical", "Agent1")
    assert (billing["category"], billing["assigned_agent"]) == ("Billing", "Agent2")


def test_the_eleventh_copy_is_an_incident(product: Product) -> None:
    statuses = [product.post("Server outage broken login")["status"] for _ in range(11)]
    assert statuses == ["completed"] * 10 + ["master_incident"]
    [incident] = product.http.get("/incidents").json()["items"]
    assert incident["count"] == 11
    settled = product.http.post(f"/incidents/{incident['incident_id']}/resolve").json()
    assert settled["status"] == "resolved"


def test_two_hundred_at_once(product: Product) -> None:
    places = ["Oslo", "Lima", "Kyoto", "Accra", "Perth", "Quito", "Hanoi", "Turin", "Malmo", "Leeds"]
    things = ["invoice", "router", "password", "contract", "parcel", "keyboard", "webinar", "dashboard", "licence", "refund",
              "calendar", "printer", "newsletter", "badge", "tablet", "report", "backup", "meeting room", "payslip", "camera"]  # fmt: skip

    def post(number: int) -> httpx.Response:
        place, thing = places[number % 10], things[number // 10]
        body = {
            "subject": f"{thing} for {place}",
            "body": f"A question about the {thing} of our {place} office, number {number}.",
        }
        return product.http.post("/tickets", json=body)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(200)))
    assert {answer.status_code for answer in answers} == {202}
    ids = {answer.json()["ticket_id"] for answer in answers}
    assert len(ids) == 200
    eventually(lambda: product.http.get("/stats").json()["by_status"]["pending"] == 0)
    eventually(lambda: product.http.get("/stats").json()["by_status"]["processing"] == 0)
    assert {product.ticket(ticket_id)["status"] for ticket_id in ids} <= {"completed", "master_incident"}
    assert product.http.get("/stats").json()["balanced"]


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
def test_a_killed_then_a_frozen_model_stops_nothing(product: Product, blow: signal.Signals) -> None:
    eventually(product.models_are_back)
    model = product.model_pid()
    assert model is not None
    os.kill(model, blow)
    began = time.monotonic()
    ticket = product.post(f"Refund for the double charge, please ({blow.name})")
    assert ticket["status"] == "completed" and time.monotonic() - began < 10
    assert (ticket["ai_status"], ticket["engine"], ticket["category"]) == ("fallback", "keywords", "Billing")
    eventually(lambda: product.model_pid() not in (None, model) and product.models_are_back())
    eventually(lambda: product.ticket(ticket["ticket_id"])["ai_status"] == "done")
    assert product.post(f"Invoice shows the wrong amount ({blow.name})")["engine"] == "minilm"


def test_a_restart_keeps_every_ticket(product: Product) -> None:
    # Nothing is about to move: all judged, by the models.
    eventually(lambda: all(ticket["ai_status"] == "done" for ticket in product.queue()))
    before = product.http.get("/stats").json()["conservation"]
    shown = product.queue()
    product.stop()
    product.start()
    after = product.http.get("/stats").json()
    assert after["conservation"] == before and after["balanced"]
    assert [ticket["ticket_id"] for ticket in product.queue()] == [ticket["ticket_id"] for ticket in shown]
    assert product.post("Still working after the restart?")["status"] == "completed"
