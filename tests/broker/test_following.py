"""Where the primary is: asked once for all who want to know, remembered for a term, and asked anew after a doubt."""

import asyncio

from redis.exceptions import ConnectionError as RedisConnectionError

from broker.following import FollowingPool
from broker.topology import Node
from tests.broker.both_loops import on_both_loops
from tests.broker.scripted_redis import PATIENCE_S
from tests.broker.wired import ends

OLD, NEW = Node("old", 1), Node("new", 2)


class AskedFinder:
    """The test answers."""

    def __init__(self) -> None:
        self._questions: asyncio.Queue[asyncio.Future[Node]] = asyncio.Queue()

    async def find(self) -> Node:
        answer: asyncio.Future[Node] = asyncio.get_running_loop().create_future()
        self._questions.put_nowait(answer)
        return await answer

    async def asked(self) -> "asyncio.Future[Node]":
        """The answer to the next question."""
        return await asyncio.wait_for(self._questions.get(), PATIENCE_S)

    def is_quiet(self) -> bool:
        """Nothing was asked that has no answer."""
        return self._questions.empty()


def ask(pool: FollowingPool) -> "asyncio.Task[tuple[Node, int]]":
    return asyncio.create_task(pool.whereabouts())


@on_both_loops
async def test_one_question_answers_all_until_there_is_doubt() -> None:
    finder = AskedFinder()
    pool = FollowingPool(finder, tls=False)
    asked = [ask(pool) for _ in range(5)]
    (await finder.asked()).set_result(OLD)
    assert await ends(*asked, ask(pool)) == [(OLD, 1)] * 6
    pool.doubt(1)
    pool.doubt(1)
    later = ask(pool)
    (await finder.asked()).set_result(NEW)
    assert await ends(later) == [(NEW, 2)], "a doubt of an ended term is none of this one"
    assert finder.is_quiet()


@on_both_loops
async def test_an_answer_doubted_before_it_came_is_not_remembered() -> None:
    finder = AskedFinder()
    pool = FollowingPool(finder, tls=False)
    asked = ask(pool)
    question = await finder.asked()
    pool.doubt(1)
    joins = ask(pool)
    await asyncio.sleep(0)
    question.set_result(OLD)
    assert await ends(asked, joins) == [(OLD, 1)] * 2
    later = ask(pool)
    (await finder.asked()).set_result(NEW)
    assert await ends(later) == [(NEW, 2)]


@on_both_loops
async def test_a_redirection_needs_no_question() -> None:
    finder = AskedFinder()
    pool = FollowingPool(finder, tls=False)
    pool.doubt(1, NEW)
    assert await ends(ask(pool)) == [(NEW, 2)]
    assert finder.is_quiet()


@on_both_loops
async def test_closing_ends_the_question_and_fails_who_waits() -> None:
    finder = AskedFinder()
    pool = FollowingPool(finder, tls=False)
    asked = [ask(pool) for _ in range(3)]
    question = await finder.asked()
    await pool.aclose()
    assert question.cancelled()
    assert await ends(*asked) == [RedisConnectionError] * 3
