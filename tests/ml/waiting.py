"""Waiting for something to become true, with an end."""

import asyncio
import time
from collections.abc import Callable

# Several times what the slowest of these waits (a process start) takes on a busy machine.
PATIENCE_S = 30.0


async def until(condition: Callable[[], bool], what: str) -> None:
    """Returns as soon as `condition()` holds; AssertionError naming `what` if it never does."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_s, f"waited {PATIENCE_S:g} s in vain: {what}"
        await asyncio.sleep(0.005)
