"""Requesters: who writes tickets."""

import json
from collections.abc import Sequence

from broker.codec import moment
from broker.errors import NotFound
from broker.paging import newest_first
from broker.records import Page, User
from broker.scripts import Code, problem
from broker.store import Store, new_id


class Users:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def create(self, name: str, email: str) -> User:
        """Raises EmailTaken: two at once with one email make one user."""
        user_id = new_id()
        record = {"name": name, "email": email, "created_ms": await self._store.now_ms()}
        code = await self._store.verb("user_put", user_id, email.lower(), json.dumps(record))
        if code != Code.CREATED:
            raise problem(code, email)
        return await self.get(user_id)

    async def get(self, user_id: str) -> User:
        """Raises NotFound."""
        found = await self._users([user_id])
        if not found:
            raise NotFound(f"There is no user {user_id}.")
        return found[0]

    async def find(self, email: str) -> User:
        """By email, whatever its case. Raises NotFound."""
        user_id = await self._store.command("HGET", self._store.keys.name("users_email"), email.lower())
        if user_id is None:
            raise NotFound(f"There is no user with the email {email}.")
        return await self.get(user_id)

    async def list(self, limit: int, cursor: str | None = None) -> Page[User]:
        """Newest first. Raises ValueError on a bad cursor."""
        ids, onwards = await newest_first(self._store, self._store.keys.name("users_created"), limit, cursor)
        return Page([*await self._users(ids)], onwards)

    async def _users(self, ids: Sequence[str]) -> Sequence[User]:
        if not ids:
            return []
        async with self._store.guard():
            records = await self._store.redis.hmget(self._store.keys.name("users"), ids)
        known = [(user_id, json.loads(record)) for user_id, record in zip(ids, records, strict=True) if record]
        return [User(user_id, one["name"], one["email"], moment(one["created_ms"])) for user_id, one in known]
