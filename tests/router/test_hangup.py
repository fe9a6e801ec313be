"""Waiting that can be cut short."""

import asyncio
from contextlib import suppress

import pytest

from router.hangup import unless


async def forever() -> None:
    await asyncio.Event().wait()


async def seven() -> int:
    return 7


async def forgetful() -> None:
    """Swallows its first cancellation, as Python 3.11's wait_for can."""
    with suppress(asyncio.CancelledError):
        await forever()
    await forever()


async def broken() -> None:
    raise LookupError("as it was")


async def test_the_result_comes_through_and_so_does_an_exception() -> None:
    assert await unless(seven(), asyncio.Event()) == 7
    with pytest.raises(LookupError, match="as it was"):
        await unless(broken(), asyncio.Event())


@pytest.mark.parametrize("work", [forever, forgetful])
@pytest.mark.parametrize("place", [0, 1])
async def test_any_of_the_stops_ends_the_wait_and_nothing_is_left_running(work, place: int) -> None:  # type: ignore[no-untyped-def]
    stops = [asyncio.Event(), asyncio.Event()]
    waiting = asyncio.create_task(unless(work(), *stops))
    await asyncio.sleep(0)
    stops[place].set()
    assert await asyncio.wait_for(waiting, 10) is None
    assert asyncio.all_tasks() == {asyncio.current_task()}
