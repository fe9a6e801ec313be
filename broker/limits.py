"""Requests a minute of each client, counted in Redis so that all API processes count together."""

import hashlib

from broker.store import Store


class Limits:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def hit(self, key: str, per_minute: int) -> bool:
        """Counts one request; False: over the limit. The key may be a secret and is stored hashed. Raises Unavailable."""
        hashed = hashlib.sha256(key.encode()).hexdigest()[:24]
        return bool(await self._store.verb("rate", hashed, per_minute))
