"""One run for all who wait: its end reaches each of them, and none of them can spoil it for the others."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from broker.sharing import SharedWork
from tests.broker.both_loops import on_both_loops
from tests.broker.scripted_redis import PATIENCE_S
from tests.broker.wired import ends


class Errand:
    """Work that the test ends."""

    def __init__(self) -> None:
        self._runs: asyncio.Queue[asyncio.Future[str]] = asyncio.Queue()
        self.shared = SharedWork(self._run)

    async def _run(self) -> str:
        end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._runs.put_nowait(end)
        return await end

    def ask(self) -> "asyncio.Task[str]":
        return asyncio.create_task(self.shared.result())

    async def begins(self) -> "asyncio.Future[str]":
        """The end of the next run, once it has begun."""
        return await asyncio.wait_for(self._runs.get(), PATIENCE_S)

    def is_quiet(self) -> bool:
        """Nothing has begun that the test does not know of."""
        return self._runs.empty()


@on_both_loops
async def test_all_who_ask_during_a_run_get_its_result() -> None:
    errand = Errand()
    asked = [errand.ask() for _ in range(20)]
    run = await errand.begins()
    late = errand.ask()
    await asyncio.sleep(0)
    run.set_result("here")
    assert await ends(*asked, late) == ["here"] * 21
    assert errand.is_quiet()


@pytest.mark.parametrize("fails", [False, True])
@on_both_loops
async def test_who_asks_after_its_end_starts_the_next(fails: bool) -> None:
    errand = Errand()
    first = errand.ask()
    run = await errand.begins()
    if fails:
        run.set_exception(OSError("nobody there"))
    else:
        run.set_result("here")
    assert await ends(first) == [OSError if fails else "here"]
    second = errand.ask()
    (await errand.begins()).set_result("there")
    assert await ends(second) == ["there"]


@on_both_loops
async def test_a_failure_reaches_all_who_wait() -> None:
    errand = Errand()
    asked = [errand.ask() for _ in range(3)]
    (await errand.begins()).set_exception(RedisConnectionError("refused"))
    assert await ends(*asked) == [RedisConnectionError] * 3


@on_both_loops
async def test_who_gives_up_leaves_the_run_to_the_others() -> None:
    errand = Errand()
    first, second = errand.ask(), errand.ask()
    run = await errand.begins()
    first.cancel()
    assert await ends(first) == [asyncio.CancelledError]
    run.set_result("here")
    assert await ends(second) == ["here"]


@on_both_loops
async def test_a_run_that_everybody_has_left_goes_on_and_may_fail_unheard() -> None:
    errand = Errand()
    gone = errand.ask()
    run = await errand.begins()
    gone.cancel()
    assert await ends(gone) == [asyncio.CancelledError]
    joins = errand.ask()
    await asyncio.sleep(0)
    assert errand.is_quiet()
    joins.cancel()
    assert await ends(joins) == [asyncio.CancelledError]
    (running,) = asyncio.all_tasks() - {asyncio.current_task()}
    run.set_exception(OSError("nobody there"))
    await asyncio.wait([running], timeout=PATIENCE_S)


@on_both_loops
async def test_cancelling_it_fails_those_who_wait_and_is_no_cancellation_of_theirs() -> None:
    errand = Errand()
    asked = [errand.ask() for _ in range(3)]
    run = await errand.begins()
    await errand.shared.cancel()
    assert run.cancelled()
    assert await ends(*asked) == [RedisConnectionError] * 3
    await errand.shared.cancel()
    again = errand.ask()
    (await errand.begins()).set_result("here")
    assert await ends(again) == ["here"]


@on_both_loops
async def test_a_caller_cancelled_at_the_same_moment_is_cancelled() -> None:
    """Who waits for that task would otherwise wait for one that took it for a failure and goes on."""

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            caller.cancel()

    begun = asyncio.Event()
    shared = SharedWork(work)
    caller = asyncio.create_task(shared.result())
    await begun.wait()
    await shared.cancel()
    assert await ends(caller) == [asyncio.CancelledError]


@on_both_loops
async def test_a_cancellation_that_is_forgotten_is_repeated() -> None:
    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            forgotten.set()
        await asyncio.Event().wait()

    begun, forgotten = asyncio.Event(), asyncio.Event()
    shared = SharedWork(work)
    caller = asyncio.create_task(shared.result())
    await begun.wait()
    await shared.cancel()
    assert forgotten.is_set()
    assert await ends(caller) == [RedisConnectionError]
