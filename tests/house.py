"""A router and a worker as processes of a test's own, with the stand-in engine."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from scripts.supervise import end_group, start_python

ROOT = Path(__file__).parents[1]
# Both import in a second or two; a loaded machine takes longer.
READY_S = 30.0
ASK_EVERY_S = 0.05


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class House:
    """`key`: the API key that it asks for, or none."""

    def __init__(self, folder: Path, redis_url: str, namespace: str, *, key: str = "", **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        headers = {"X-API-Key": key} if key else {}
        self.api = httpx.Client(base_url=self.url, headers=headers, timeout=10, trust_env=False)
        self._folder = folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "REDIS_URL": redis_url,
            "NAMESPACE": namespace,
            "ENGINE": "stub",
            "PORT": str(self.port),
            "API_KEYS": key,
            "LOG_LEVEL": "warning",
        } | environment
        self._parts: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        self.start_part("worker")
        self.start_part("router")
        self.wait_until_ready()

    def start_part(self, name: str) -> None:
        self._parts[name] = start_python(
            name, environment=self._environment, folder=self._folder, python=sys.executable
        )

    def stop_part(self, name: str) -> None:
        """SIGKILL: no farewell."""
        part = self._parts.pop(name)
        end_group(part)
        part.wait()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            try:
                if self.api.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass  # not listening yet
            time.sleep(ASK_EVERY_S)
        raise AssertionError("the house was not ready in time")

    def submit(self, subject: str, body: str = "", **fields: Any) -> str:
        """Hands a ticket in and waits until it is judged. Returns its id."""
        answer = self.api.post("/tickets?wait=10", json={"subject": subject, "body": body, **fields})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["ticket_id"])

    def flood(self, number: int) -> None:
        """Many short tickets, all ready when it returns."""
        lines = "\n".join(json.dumps({"subject": f"Question {at}"}) for at in range(number))
        answer = self.api.post("/tickets/bulk", content=lines, headers={"Content-Type": "application/x-ndjson"})
        assert answer.json()["accepted"] == number
        deadline = time.monotonic() + READY_S
        while self.api.get("/stats").json()["conservation"]["ready"] < number:
            assert time.monotonic() < deadline, "not judged in time"
            time.sleep(ASK_EVERY_S)

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        answer = self.api.get(f"/tickets/{ticket_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def close(self) -> None:
        self.api.close()
        for name in list(self._parts):
            self.stop_part(name)
