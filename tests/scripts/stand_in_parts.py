"""A checkout with the real scripts and small stand-ins for the API and the worker, to see `start` work in seconds."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from scripts.bootstrap import ROOT

# No test comes near it.
PATIENCE_S = 30

# Serves what `start` and the demo ask for. A ticket is judged at its second look, so the demo has to wait for it.
ROUTER = """
import json, os, signal, sys, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TICKETS, LOOKS = {}, {}

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/readyz":
            self.answer(200 if Path("models").exists() else 503, {})  # as the real one: not ready without a worker
        elif self.path == "/health/deep":
            models = Path("models").read_text() if Path("models").exists() else "loading"
            self.answer(200, {"status": "ok", "parts": {"redis": {"status": "ok"}, "models": {"status": models}}})
        else:
            ticket_id = self.path.rsplit("/", 1)[-1]
            LOOKS[ticket_id] = LOOKS.get(ticket_id, 0) + 1
            judged = {"engine": "stub", "ai_status": "done",
                      "urgency_score": len(TICKETS[ticket_id]["subject"]) / 100, "urgency_label": "low",
                      "category": "General", "confidence": 0.5, "sentiment_score": 5.0, "processing_ms": 3.0}
            self.answer(200, {**TICKETS[ticket_id], "status": "completed", **(judged if LOOKS[ticket_id] > 1 else {})})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ticket_id = self.headers["Idempotency-Key"]
        TICKETS[ticket_id] = {"subject": "", **body}
        self.answer(202, {"ticket_id": ticket_id, "status": "accepted"})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ThreadingHTTPServer.allow_reuse_port = os.environ.get("API_SHARED_PORT") == "true"
ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""

# Reports its models at once, and has a child as the real one has; both note who they are.
WORKER = """
import os, signal, subprocess, sys, time
from pathlib import Path

child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
Path("worker.env").write_text(os.environ["REDIS_URL"])
Path("models").write_text("ok")
time.sleep(600)
"""

START = "import sys; from scripts.start import parser; from scripts.launch import launch; sys.exit(launch(parser().parse_args()))"


def checkout(folder: Path, *, router: str = ROUTER, worker: str = WORKER) -> Path:
    """Make it in `folder`; returns `folder`."""
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for room, source in (("router", router), ("worker", worker)):
        (folder / room).mkdir()
        (folder / room / "__init__.py").touch()
        (folder / room / "__main__.py").write_text(source)
    return folder


def refused(folder: Path, *options: str, **settings: str) -> str:
    """What `start` says on stderr when it ends by itself with exit code 1."""
    done = subprocess.run(
        [sys.executable, "-c", START, *options],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def environment(**settings: str) -> dict[str, str]:
    """Ours without the product's settings, which would win over the test's `.env`."""
    names = ("REDIS_URL", "HOST", "PORT", "API_SHARED_PORT", "API_KEYS", "DATA_DIR", "PYTHONPATH")
    return {**{name: value for name, value in os.environ.items() if name not in names}, **settings}


@contextmanager
def started(
    folder: Path, *options: str, settings: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """`start` with these options in that checkout, past the set-up; whatever is left of it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, *options],
        cwd=folder,
        env=environment(**(settings or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # A read from a process that neither speaks nor ends would hang the run.
    watchdog = threading.Timer(PATIENCE_S, process.kill)
    watchdog.start()
    try:
        with process:
            yield process
            if process.poll() is None:
                process.kill()
    finally:
        watchdog.cancel()
        for leftover in processes_of(folder):
            leftover.kill()


def processes_of(folder: Path) -> list[psutil.Process]:
    """Every process that works in the folder or below: the parts, Redis, and their children."""
    found = []
    for process in psutil.process_iter():
        try:
            place = Path(process.cwd())
            if process.status() != psutil.STATUS_ZOMBIE and (place == folder or folder in place.parents):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # it ended while we looked, or belongs to somebody else
    return found


def ready_line(process: "subprocess.Popen[str]") -> str:
    """The first line on stdout; fails with stderr when the process ended without one."""
    assert process.stdout is not None and process.stderr is not None
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return line
