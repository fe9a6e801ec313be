"""A test on asyncio's own event loop and on uvloop, which leaves nothing behind on either."""

import asyncio
import functools
import gc
import inspect
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

Scenario = Callable[..., Coroutine[Any, Any, None]]
Run = Callable[[Coroutine[Any, Any, None]], None]


def on_both_loops(scenario: Scenario) -> Callable[..., None]:
    """`scenario` may ask for fixtures that are not asynchronous. It fails, too, if a task outlives it or if the loop complains.

    Complaints are exceptions that nobody fetched or that a callback raised; what is garbage and not closed warns, and fails by that.
    """

    async def watched(fixtures: dict[str, Any]) -> None:
        complaints: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        await scenario(**fixtures)
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        gc.collect()
        await asyncio.sleep(0)
        assert (complaints, left) == ([], set())

    @functools.wraps(scenario)
    def test(run: Run, **fixtures: Any) -> None:
        run(watched(fixtures))
        gc.collect()

    asked = inspect.signature(scenario)
    run = inspect.Parameter("run", inspect.Parameter.KEYWORD_ONLY)
    test.__signature__ = asked.replace(parameters=[*asked.parameters.values(), run])  # type: ignore[attr-defined]
    both: Callable[..., None] = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])(
        test
    )
    return both
