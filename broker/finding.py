"""Who the primary is: asked of the Sentinels, or of the nodes of a Cluster, whenever there is reason to doubt it.

All are asked at once and the answer of the newest epoch wins: both kinds count every election, so that one who was cut off during a
failover and still names the old primary is outvoted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from broker.topology import Kind, Node, Topology

# An answer takes under 1 ms on a LAN; a machine that is gone must not hold up those that answer.
ASK_TIMEOUT_S = 1.0
# Nodes of a Cluster remembered beside those of the URL, so that it may move on from all of them.
MOST_REMEMBERED = 16

# The epoch of an election and who won it.
Answer = tuple[int, Node]


class Finder(Protocol):
    async def find(self) -> Node:
        """Where the primary is by the newest word. Raises redis-py's ConnectionError when nobody knows."""


def finder(topology: Topology, namespace: str) -> Finder:
    """For a topology of Sentinels or a Cluster."""
    if topology.kind is Kind.SENTINEL:
        return SentinelFinder(topology)
    return ClusterFinder(topology, key_slot(f"{{{namespace}}}".encode()))


class SentinelFinder:
    def __init__(self, topology: Topology) -> None:
        self._topology = topology

    async def find(self) -> Node:
        return await _newest(self._topology.nodes, self._ask, "Sentinel")

    async def _ask(self, sentinel: Node) -> Answer:
        service = self._topology.service
        async with _caller(sentinel, self._topology, self._topology.sentinel_options) as redis:
            try:
                told = await redis.sentinel_master(service)
            except ResponseError as error:
                raise RedisConnectionError(f"it knows no service {service!r}: {error}") from error
        if told["is_sdown"] or told["is_odown"] or told["is_disconnected"]:
            raise RedisConnectionError(f"the primary of {service!r} is down and none is elected yet")
        return int(told["config-epoch"]), Node(str(told["ip"]), int(told["port"]))


class ClusterFinder:
    """All keys of a namespace lie in one slot, so for us a Cluster is one primary, whoever owns that slot just now."""

    def __init__(self, topology: Topology, slot: int) -> None:
        self._topology = topology
        self._slot = slot
        self._remembered: tuple[Node, ...] = ()

    async def find(self) -> Node:
        nodes = tuple(dict.fromkeys((*self._topology.nodes, *self._remembered)))
        return await _newest(nodes, self._ask, "node of the Cluster")

    async def _ask(self, node: Node) -> Answer:
        async with _caller(node, self._topology, self._topology.options) as redis:
            try:
                table = str(await redis.execute_command("CLUSTER", "NODES"))
                # Rows of: first slot, last slot, the primary, its replicas; a node is host (empty: the one asked), port, id.
                rows: list[list[Any]] = await redis.execute_command("CLUSTER", "SLOTS")
            except ResponseError as error:
                raise RedisConnectionError(f"it is no node of a Cluster: {error}") from error
        known = {place[2]: Node(place[0] or node.host, int(place[1])) for row in rows for place in row[2:]}
        self._remembered = tuple(dict.fromkeys((*known.values(), *self._remembered)))[:MOST_REMEMBERED]
        for first, last, primary, *_ in rows:
            if first <= self._slot <= last:
                flags, epoch = _state(table, primary[2])
                if "fail" in flags:
                    raise RedisConnectionError(
                        f"{known[primary[2]]} has our slot and is down; no replica took over yet"
                    )
                return epoch, known[primary[2]]
        raise RedisConnectionError(f"nobody serves slot {self._slot}")


def _state(table: str, name: str) -> tuple[list[str], int]:
    """A node's flags and the epoch in which it won its slots, from CLUSTER NODES."""
    for line in table.splitlines():
        if line.startswith(name):
            _, _, flags, _, _, _, epoch, *_ = line.split()
            return flags.split(","), int(epoch)
    return [], 0


def _caller(node: Node, topology: Topology, options: dict[str, object]) -> Any:
    """For one question. Typed Any: redis-py's types do not know what `decode_responses` changes."""
    known: dict[str, Any] = {name: options[name] for name in ("username", "password") if name in options}
    known.update((name, value) for name, value in options.items() if name.startswith("ssl_"))
    return Redis(
        host=node.host,
        port=node.port,
        ssl=topology.tls,
        protocol=2,  # the shape of these answers depends on it
        decode_responses=True,
        socket_timeout=ASK_TIMEOUT_S,
        socket_connect_timeout=ASK_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        **known,
    )


async def _newest(nodes: Sequence[Node], ask: Callable[[Node], Awaitable[Answer]], who: str) -> Node:
    async def one(node: Node) -> Answer:
        async with asyncio.timeout(ASK_TIMEOUT_S):
            return await ask(node)

    answers = await asyncio.gather(*(one(node) for node in nodes), return_exceptions=True)
    known = [answer for answer in answers if not isinstance(answer, BaseException)]
    if known:
        return max(known, key=lambda answer: answer[0])[1]
    said = []
    for node, error in zip(nodes, answers, strict=True):
        if not isinstance(error, RedisError | OSError):  # TimeoutError is an OSError; anything else is a bug
            assert isinstance(error, BaseException)
            raise error
        said.append(f"{node} ({str(error) or 'no answer'})")
    raise RedisConnectionError(f"no {who} names a primary: {', '.join(said)}")
