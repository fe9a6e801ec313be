"""`scripts.start` from settings to a clean stop, with stand-ins for the API and the worker."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from scripts.redis_ping import Answer, address_of
from tests.redis_server import RedisServer
from tests.scripts.stand_in_parts import PATIENCE_S, checkout, processes_of, ready_line, refused, started


def named(processes: list[psutil.Process], word: str) -> psutil.Process:
    (found,) = [process for process in processes if word in process.cmdline() or word in process.name()]
    return found


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM])
def test_it_gets_ready_and_a_signal_stops_all_of_it(tmp_path: Path, stop_signal: signal.Signals) -> None:
    checkout(tmp_path)
    with started(tmp_path, "--port", "0", "--workers", "2") as process:
        line = ready_line(process)
        assert line.startswith("ready http://127.0.0.1:")
        assert (tmp_path / "worker.env").read_text().startswith("redis://:")
        # ourselves, Redis, the API, two workers, a child of each
        assert len(processes_of(tmp_path)) == 7
        process.send_signal(stop_signal)
        out, err = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, out) == (0, ""), err
        assert processes_of(tmp_path) == []


def test_without_workers_it_does_not_wait_for_models(tmp_path: Path) -> None:
    checkout(tmp_path)
    with started(tmp_path, "--port", "0", "--workers", "0") as process:
        assert ready_line(process).startswith("ready ")
        assert not (tmp_path / "models").exists()


def test_a_killed_part_is_started_again_and_takes_its_children_along(tmp_path: Path) -> None:
    checkout(tmp_path)
    with started(tmp_path, "--port", "0") as process:
        ready_line(process)
        worker = named(processes_of(tmp_path), "worker")
        orphan = worker.children()[0]
        worker.kill()
        assert process.stderr is not None
        told = next(line for line in process.stderr if "starting it again" in line)
        assert "worker 1 ended with signal 9 (SIGKILL)" in told
        orphan.wait(PATIENCE_S)
        psutil.wait_procs([worker], timeout=PATIENCE_S)
        while not any("worker" in found.cmdline() for found in processes_of(tmp_path)):
            assert process.poll() is None
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, processes_of(tmp_path)) == (0, [])


def test_a_killed_redis_comes_back_at_the_same_address(tmp_path: Path) -> None:
    checkout(tmp_path)
    with started(tmp_path, "--port", "0") as process:
        ready_line(process)
        address = address_of((tmp_path / "worker.env").read_text())
        named(processes_of(tmp_path), "redis-server").kill()
        assert process.stderr is not None
        assert any("Redis ended with signal 9" in line for line in process.stderr)
        while address.ping() is not Answer.PONG:
            assert process.poll() is None


def test_when_the_starter_is_killed_nothing_stays(tmp_path: Path) -> None:
    checkout(tmp_path)
    with started(tmp_path, "--port", "0") as process:
        ready_line(process)
        parts = [
            part
            for part in processes_of(tmp_path)
            if part.pid != process.pid and "time.sleep" not in str(part.cmdline())
        ]
        assert len(parts) == 3
        process.kill()
        _, alive = psutil.wait_procs(parts, timeout=PATIENCE_S)
        assert alive == []


def test_a_second_signal_kills_a_part_that_does_not_listen(tmp_path: Path) -> None:
    deaf = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\ntime.sleep(600)\n"
    checkout(tmp_path, router=deaf)
    with started(tmp_path, "--port", "0", "--workers", "0") as process:
        assert process.stderr is not None
        assert any(line.strip() == "deaf" for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=5)  # far below the API's own deadline of 10 s
        assert (process.returncode, processes_of(tmp_path)) == (0, [])


def test_an_api_that_never_starts_ends_the_start(tmp_path: Path) -> None:
    checkout(tmp_path, router="raise SystemExit('no such thing')")
    said = refused(tmp_path, "--port", "0", "--workers", "0")
    assert "no such thing" in said
    assert "the API ended 4 times before it was ready" in said
    assert processes_of(tmp_path) == []


def test_the_demo_shows_the_queue_and_the_service_stays(tmp_path: Path) -> None:
    checkout(tmp_path)
    samples = [{"subject": "A [red]longer[/] subject\x1b[2J", "note": "not for the API"}, {"subject": "Short"}]
    (tmp_path / "scripts" / "demo_tickets.jsonl").write_text("\n".join(map(json.dumps, samples)))
    with started(tmp_path, "--port", "0", "--demo", settings={"COLUMNS": "140"}) as process:
        ready_line(process)
        shown = []
        assert process.stdout is not None
        for line in process.stdout:
            shown.append(line)
            if "tickets judged" in line:
                break
        text = "".join(shown)
        assert text.index("A [red]longer[/] subject") < text.index("Short")
        assert "\x1b[2J" not in text
        assert shown[-1] == "2 tickets judged: 2 by stub; median 3 ms\n"
        assert process.poll() is None


def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    checkout(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(tmp_path, "--port", str(port))
    assert f"port {port} on 127.0.0.1 can't be used" in said
    assert "--port" in said


def test_a_redis_url_without_a_redis_is_a_sentence(tmp_path: Path) -> None:
    checkout(tmp_path)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can answer there
        port = nobody.getsockname()[1]
        said = refused(tmp_path, "--port", "0", REDIS_URL=f"redis://127.0.0.1:{port}/0")
    assert f"the Redis at 127.0.0.1:{port} is no help: it does not answer" in said


def test_a_wrong_redis_password_is_a_sentence_without_the_password(tmp_path: Path, redis_server: RedisServer) -> None:
    checkout(tmp_path)
    said = refused(tmp_path, "--port", "0", REDIS_URL=redis_server.url.replace(redis_server.password, "hunter2"))
    assert "it refuses our user or password" in said
    assert "hunter2" not in said


def test_the_redis_of_redis_url_is_used_and_left_running(tmp_path: Path, redis_server: RedisServer) -> None:
    checkout(tmp_path)
    with started(tmp_path, "--port", "0", settings={"REDIS_URL": redis_server.url}) as process:
        ready_line(process)
        assert (tmp_path / "worker.env").read_text() == redis_server.url
        assert not (tmp_path / ".data").exists()
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
    assert redis_server.process.poll() is None


def test_a_wrong_value_in_the_env_file_is_named_with_its_place(tmp_path: Path) -> None:
    checkout(tmp_path)
    (tmp_path / ".env").write_text("PORT=eighty\n")
    said = refused(tmp_path)
    assert "PORT in .env is 'eighty': Input should be a valid integer" in said


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    checkout(tmp_path)
    (tmp_path / ".env").write_text("PORT=eighty\n")
    with started(tmp_path, "--workers", "0", settings={"PORT": "0"}) as process:
        assert ready_line(process).startswith("ready http://127.0.0.1:")


def test_two_starts_do_not_share_a_data_folder(tmp_path: Path) -> None:
    checkout(tmp_path)
    with started(tmp_path, "--port", "0", "--workers", "0") as process:
        ready_line(process)
        said = refused(tmp_path, "--port", "0", "--workers", "0")
        assert "is in use by another start" in said
        assert process.poll() is None


def test_an_open_address_without_keys_is_warned_about(tmp_path: Path) -> None:
    checkout(tmp_path)
    with started(tmp_path, "--port", "0", "--workers", "0", "--host", "0.0.0.0") as process:
        assert ready_line(process).startswith("ready http://0.0.0.0:")
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE_S)
    assert "WARNING: 0.0.0.0 is reachable from other machines and API_KEYS is empty" in " ".join(err.split())


def test_the_redis_password_is_not_in_any_command_line(tmp_path: Path) -> None:
    checkout(tmp_path)
    with started(tmp_path, "--port", "0") as process:
        ready_line(process)
        password = (tmp_path / "worker.env").read_text().split(":")[2].split("@")[0]
        assert len(password) >= 24
        assert not any(password in word for found in processes_of(tmp_path) for word in found.cmdline())


@pytest.mark.parametrize(
    ("options", "says"),
    [(["--workers", "-1"], "--workers must be 0 or more"), (["--apis", "0"], "--apis must be 1 or more")],
)
def test_wrong_options_are_told_before_anything_is_installed(tmp_path: Path, options: list[str], says: str) -> None:
    checkout(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "scripts.start", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert not (tmp_path / ".venv").exists()
