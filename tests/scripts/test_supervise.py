"""The clock of restarts, without waiting for it, and the words of an ending."""

import subprocess
import sys

from scripts.supervise import FIRST_PAUSE_S, HEALTHY_S, LONGEST_PAUSE_S, Part, ending


def short_lived() -> "subprocess.Popen[bytes]":
    """A process that has already ended."""
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"], start_new_session=True)
    process.wait()
    return process


class Counting:
    """Spawns dead processes and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> "subprocess.Popen[bytes]":
        self.count += 1
        return short_lived()


def test_pauses_grow_to_a_limit() -> None:
    spawn = Counting()
    part = Part("part", spawn)
    now, pauses = 0.0, []
    part.step(now)
    for _ in range(8):
        part.step(now)  # sees the death
        before = spawn.count
        died_at = now
        while spawn.count == before:
            now += 0.25
            part.step(now)
        pauses.append(now - died_at)
    assert pauses[:3] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S


def test_a_long_healthy_run_forgets_earlier_deaths() -> None:
    part = Part("part", Counting())
    part.step(1.0)
    part.step(1.1)
    part.step(1.1 + FIRST_PAUSE_S)  # runs again
    part.step(1.1 + FIRST_PAUSE_S + HEALTHY_S + 1)
    assert part.deaths == 1


def test_an_ending_has_words() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process.kill()
    process.communicate()
    assert ending(process) == "signal 9 (SIGKILL)"
    assert ending(short_lived()) == "exit code 3"
