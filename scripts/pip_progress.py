"""Run pip so that a person sees it move: one line that changes on a terminal, a line a package elsewhere.

Standard library only, and Python 3.6's syntax, as scripts/bootstrap.py says.
"""

import collections
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterable

# Fast enough to look alive, slow enough to cost nothing.
TICK_S = 0.1
SPINNER = "|/-\\"
# What pip says last is what went wrong; more than this hides it again.
LAST_LINES = 12
# A terminal narrower than this would wrap the line and scroll.
LINE_COLUMNS = 79
LATER_LINES = (("Building wheel", "building "), ("Installing collected packages", "installing packages "))


class PipFailed(Exception):
    """pip ended with an error; the text is its last lines."""


def step_of(line: str) -> str:
    """What a line of pip's output tells a person, or nothing.

    >>> step_of("Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (190.4 MB)")
    'downloading torch-2.13.0 (190.4 MB)'
    >>> step_of("Collecting numpy==2.4.6 (from -r requirements.txt (line 9))")
    'looking up numpy==2.4.6'
    """
    words = line.split()
    if line.startswith("Collecting ") and len(words) > 1:
        return "looking up " + words[1]
    if words[:1] in (["Downloading"], ["Using"]) and any(".whl" in word or ".tar.gz" in word for word in words):
        file = next(word for word in words if ".whl" in word or ".tar.gz" in word).rsplit("/", 1)[-1]
        size = line[line.rindex("(") :].strip() if line.rstrip().endswith(")") else ""
        package = "-".join(file.replace(".tar.gz", "").split("-")[:2])
        return "{} {} {}".format(
            "downloading" if words[0] == "Downloading" else "fetched before:", package, size
        ).strip()
    for beginning, said in LATER_LINES:
        if line.lstrip().startswith(beginning):
            return said.strip()
    return ""


def run_pip(command: "list[str]") -> None:
    """Run a pip command to its end, showing steps on stderr. Raises PipFailed with its last lines."""
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - no shell
        [*command, "--progress-bar", "off", "--no-input", "--no-color"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONUNBUFFERED="1"),
        universal_newlines=True,
        errors="replace",
    )
    assert process.stdout is not None
    lines = queue.Queue()  # type: queue.Queue[str]
    reader = threading.Thread(target=pass_on, args=(process.stdout, lines), daemon=True)
    reader.start()
    last = collections.deque(maxlen=LAST_LINES)  # type: collections.deque[str]
    shown = Line()
    try:
        while reader.is_alive() or not lines.empty():
            try:
                line = lines.get(timeout=TICK_S)
            except queue.Empty:
                line = ""
            if line.strip():
                last.append(line.rstrip())
            shown.tell(step_of(line), time.monotonic() - began)
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    finally:
        shown.clear()
        process.stdout.close()
    if code != 0:
        errors = [line for line in last if line.startswith("ERROR")]
        raise PipFailed("\n".join(errors or last) or f"(pip said nothing; exit code {code})")
    print(f"installed in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def pass_on(source: "Iterable[str]", target: "queue.Queue[str]") -> None:
    """Lines into a queue, so that the main thread can wait for them and still turn the spinner."""
    for line in source:
        target.put(line)


class Line:
    """The place where progress is shown: a line rewritten in place on a terminal, plain lines otherwise."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._step = "asking pip"
        self._ticks = 0

    def tell(self, step: str, elapsed_s: float) -> None:
        new = bool(step) and step != self._step
        self._step = step or self._step
        if self._terminal:
            self._ticks += 1
            text = f"{SPINNER[self._ticks % len(SPINNER)]} {elapsed_s:4.0f} s  {self._step}"
            sys.stderr.write("\r" + text[:LINE_COLUMNS].ljust(LINE_COLUMNS))
            sys.stderr.flush()
        elif new:
            print("install: " + step, file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._terminal:
            sys.stderr.write("\r" + " " * LINE_COLUMNS + "\r")
            sys.stderr.flush()
