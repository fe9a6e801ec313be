"""Our connections put the same bytes on the wire as redis-py's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Connection
from redis.exceptions import DataError

from broker import Broker
from broker.packing import PACKING, PackingConnection

words = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])), st.binary(), st.integers(), st.floats(allow_nan=False)
)


@given(st.lists(words, max_size=30))
def test_the_bytes_are_redis_pys(arguments: list[str | bytes | int | float]) -> None:
    command = ("EVALSHA", *arguments)
    assert PackingConnection().pack_command(*command) == [b"".join(Connection().pack_command(*command))]


def test_two_words_in_one_are_two() -> None:
    assert PackingConnection().pack_command("SCRIPT LOAD", "return 1") == [
        b"*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$8\r\nreturn 1\r\n"
    ]


@pytest.mark.parametrize("word", [None, True, [1]])
def test_what_is_no_word_is_refused(word: object) -> None:
    with pytest.raises(DataError):
        PackingConnection().pack_command("SET", "a", word)


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1", "rediss://127.0.0.1", "unix:///tmp/none", "redis+cluster://127.0.0.1"]
)
async def test_every_kind_of_connection_packs_so(url: str) -> None:
    broker = Broker.assemble(url)
    made = broker.store.redis.connection_pool.make_connection()
    assert isinstance(made, tuple(PACKING.values()))
    await broker.close()
