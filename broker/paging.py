"""Pages of a sorted set, newest first."""

from broker import cursors
from broker.store import Store


async def newest_first(store: Store, key: str, limit: int, cursor: str | None) -> tuple[list[str], str | None]:
    """A page of members by falling score, and the cursor of the next. Raises ValueError on a bad cursor, Unavailable."""
    newest, after = "+inf", ""
    if cursor is not None:
        place = cursors.decode(cursor, str, str)
        newest, after = repr(cursors.number(place[0])), str(place[1])
    async with store.guard():
        # From the last one shown on: a page and as many again is more than share one score.
        rows = await store.redis.zrevrangebyscore(key, newest, "-inf", 0, 2 * limit + 1, withscores=True)
    at = next((number for number, (member, _) in enumerate(rows) if member == after), -1) + 1
    page = rows[at : at + limit]
    more = len(rows) > at + limit and bool(page)
    return [member for member, _ in page], cursors.encode(repr(page[-1][1]), page[-1][0]) if more else None
