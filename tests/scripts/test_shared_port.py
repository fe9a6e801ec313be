"""`scripts.start --apis N`: several API processes on one port, with stand-ins for the API and the worker."""

import re
import socket
from collections.abc import Sequence
from pathlib import Path

import httpx
import psutil
import pytest

from router.server import listen
from scripts.bench_stage import listens
from scripts.preflight import StartError, check_sharing
from tests.scripts.stand_in_parts import PATIENCE_S, checkout, processes_of, ready_line, refused, started


def apis_of(folder: Path) -> list[psutil.Process]:
    return [process for process in processes_of(folder) if "router" in process.cmdline()]


def listening(processes: Sequence[psutil.Process], port: int) -> list[psutil.Process]:
    return [process for process in processes if listens(process.pid, port)]


def test_all_of_them_serve_the_port_and_a_signal_stops_them(tmp_path: Path) -> None:
    checkout(tmp_path)
    with started(tmp_path, "--port", "0", "--apis", "3") as process:
        url = ready_line(process).split()[1]
        # ourselves, Redis, three APIs, a worker and its child
        assert len(processes_of(tmp_path)) == 7
        while len(listening(apis_of(tmp_path), httpx.URL(url).port or 0)) < 3:
            assert process.poll() is None
        process.terminate()
        out, err = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, out) == (0, ""), err
        assert processes_of(tmp_path) == []


def test_one_that_is_killed_comes_back_while_the_other_answers(tmp_path: Path) -> None:
    checkout(tmp_path)
    with started(tmp_path, "--port", "0", "--apis", "2", "--workers", "0") as process:
        url = ready_line(process).split()[1]
        port = httpx.URL(url).port or 0
        while len(listening(apis_of(tmp_path), port)) < 2:
            assert process.poll() is None
        first, second = apis_of(tmp_path)
        first.kill()
        psutil.wait_procs([first], timeout=PATIENCE_S)
        while len(listening(apis_of(tmp_path), port)) < 2:
            assert httpx.get(f"{url}/health/deep", trust_env=False).status_code == 200
            assert process.poll() is None
        assert second.is_running() and second in apis_of(tmp_path)
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE_S)
        assert "ended with signal 9 (SIGKILL); starting it again" in err
        assert (process.returncode, processes_of(tmp_path)) == (0, [])


def test_one_that_never_starts_ends_the_start(tmp_path: Path) -> None:
    checkout(tmp_path, router="raise SystemExit('no such thing')")
    said = refused(tmp_path, "--port", "0", "--workers", "0", "--apis", "2")
    assert re.search(r"the API [12] ended 4 times before it was ready", said)
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize("stranger_shares", [False, True])
def test_a_port_that_a_stranger_has_is_a_sentence(tmp_path: Path, stranger_shares: bool) -> None:
    checkout(tmp_path)
    with listen("127.0.0.1", 0, shared=stranger_shares) as taken:
        port = taken.getsockname()[1]
        said = refused(tmp_path, "--port", str(port), "--apis", "2")
    assert f"port {port} on 127.0.0.1 can't be used" in said


def test_a_system_without_shared_ports_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "SO_REUSEPORT")
    check_sharing(1)
    with pytest.raises(StartError, match="2 API processes would have to share a port"):
        check_sharing(2)
