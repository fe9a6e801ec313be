"""A connection pool whose primary may change under it: whatever failed, the next connection goes where the primary is then.

Doubt is cheap: any broken connection, refused write or redirection ends the *term* of the known address. A connection of an ended
term is closed before its next use, and the first to connect again asks anew for all who wait.
"""

from typing import Any

from redis.asyncio import BlockingConnectionPool
from redis.exceptions import ClusterDownError, MovedError, NoPermissionError, ReadOnlyError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from broker.finding import Finder
from broker.packing import PackingConnection, PackingTLSConnection
from broker.sharing import SharedWork
from broker.topology import Node

# Answers of one who is no longer the primary. A script's error holds the word somewhere in its text.
DEMOTED_WORDS = ("READONLY", "UNBLOCKED", "MASTERDOWN")


class FollowingConnection(PackingConnection):
    """To the primary of the moment. Made by a FollowingPool only, which sets `pool`."""

    pool: "FollowingPool"
    term = 0

    async def _connect(self) -> None:
        node, self.term = await self.pool.whereabouts()
        self.host, self.port = node.host, node.port
        await super()._connect()  # type: ignore[no-untyped-call]

    async def connect_check_health(self, *args: Any, **kwargs: Any) -> None:
        try:
            await super().connect_check_health(*args, **kwargs)
        except (RedisConnectionError, RedisTimeoutError, OSError) as error:
            self.heard(error)
            raise

    async def on_connect_check_health(self, check_health: bool = True) -> None:
        """A Sentinel may name one that was demoted a moment ago: it must say itself that it is the primary."""
        await super().on_connect_check_health(check_health=check_health)
        await self.send_command("ROLE", check_health=False)
        try:
            role = (await self.read_response())[0]
        except NoPermissionError:  # an access list without ROLE: the first write will tell
            return
        if role not in ("master", b"master"):
            raise RedisConnectionError(f"{self.host}:{self.port} is no primary any more")

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().read_response(*args, **kwargs)
        except (RedisConnectionError, RedisTimeoutError, OSError, ResponseError) as error:
            self.heard(error)
            raise

    @property
    def is_stale(self) -> bool:
        return self.term != self.pool.term

    def heard(self, error: Exception) -> None:
        """Any that says that the primary is, or may be, elsewhere ends the term."""
        if isinstance(error, MovedError):
            self.pool.doubt(self.term, Node(error.host, error.port) if error.host else None)
        elif (
            not isinstance(error, ResponseError)
            or isinstance(error, ReadOnlyError | ClusterDownError)
            or any(word in str(error) for word in DEMOTED_WORDS)
        ):
            self.pool.doubt(self.term)


class FollowingTLSConnection(FollowingConnection, PackingTLSConnection):
    """The same over TLS."""


class FollowingPool(BlockingConnectionPool):
    def __init__(self, finder: Finder, *, tls: bool, **options: Any) -> None:
        """`options` as BlockingConnectionPool takes them."""
        super().__init__(connection_class=FollowingTLSConnection if tls else FollowingConnection, **options)
        self._finder = finder
        self.term = 1
        self._node: Node | None = None
        self._search = SharedWork(self._find)

    async def whereabouts(self) -> tuple[Node, int]:
        """The primary's address and its term. All who ask at once share one search. Raises redis-py's ConnectionError."""
        if self._node is not None:
            return self._node, self.term
        return await self._search.result()

    def doubt(self, term: int, instead: Node | None = None) -> None:
        """What was known in `term` is no longer to be trusted; `instead` is who should be asked by a redirection."""
        if term == self.term:
            self.term += 1
            self._node = instead

    def make_connection(self) -> FollowingConnection:
        connection: FollowingConnection = super().make_connection()  # type: ignore[no-untyped-call]
        connection.pool = self
        return connection

    async def ensure_connection(self, connection: Any) -> None:
        if connection.is_connected and connection.is_stale:
            await connection.disconnect(nowait=True)
        await super().ensure_connection(connection)

    async def aclose(self) -> None:
        await self._search.cancel()
        await super().aclose()

    async def _find(self) -> tuple[Node, int]:
        """With the term in which the search began: an answer that was doubted before it came is not to be remembered."""
        term = self.term
        node = await self._finder.find()
        if term == self.term:
            self._node = node
        return node, term
