"""Several real Redis processes on loopback: a primary with replicas under Sentinels, and a Cluster.

All of them share one password, which the Sentinels ask for as well. Start them from the main thread (see tests/redis_server.py).
"""

import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import redis
from redis.crc import key_slot

from scripts.embedded_redis import free_port
from scripts.process_tie import tie_to_parent
from tests.redis_server import BINARIES, RedisServer

# The servers there are on this machine; one at least is always required.
SERVERS = [binary for find in BINARIES.values() if (binary := find()) is not None]
PASSWORD = "fleet"
SERVICE = "desk"
# How long silence is tolerated: short, so that tests are. A Sentinel pings a new primary first after a second (or after this,
# if shorter) and counts from the beginning: at a second or less it would sometimes depose each primary it has just made.
SENTINEL_SILENCE_MS = 1_500
CLUSTER_SILENCE_MS = 700
# A node of a Cluster talks to the others on its port plus this.
BUS_OFFSET = 10_000
SLOTS = 16_384
PATIENCE_S = 20.0


def ask(server: RedisServer, *words: object) -> Any:
    """One command, answered as Redis does."""
    with redis.Redis(
        port=server.port, password=PASSWORD, decode_responses=True, protocol=2, socket_timeout=5
    ) as client:
        return client.execute_command(*words)


def until(true: Callable[[], object], what: str) -> None:
    """Fails after PATIENCE_S; errors count as not yet."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        with suppress(redis.RedisError, OSError):
            if true():
                return
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come about in {PATIENCE_S} s")


def server(folder: Path, binary: Path, *config: str) -> RedisServer:
    made = RedisServer(folder, binary=binary, config=(f"masterauth {PASSWORD}", "repl-diskless-sync-delay 0", *config))
    made.password = PASSWORD
    return made


class Sentinel:
    """A redis-server that only watches. It writes what it learns into its configuration file."""

    def __init__(self, folder: Path, binary: Path, primary: int) -> None:
        folder.mkdir()
        self.port = free_port()
        file = folder / "sentinel.conf"
        file.write_text(
            f"bind 127.0.0.1\nport {self.port}\ndir {folder}\nlogfile {folder / 'sentinel.log'}\n"
            f"requirepass {PASSWORD}\nsentinel sentinel-pass {PASSWORD}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {primary} 2\nsentinel auth-pass {SERVICE} {PASSWORD}\n"
            f"sentinel down-after-milliseconds {SERVICE} {SENTINEL_SILENCE_MS}\nsentinel failover-timeout {SERVICE} 3000\n"
        )
        tie = tie_to_parent(signal.SIGTERM)
        self.process = subprocess.Popen([binary, file, "--sentinel"], stdout=subprocess.DEVNULL, preexec_fn=tie)

    def ask(self, *words: object) -> Any:
        with redis.Redis(port=self.port, password=PASSWORD, decode_responses=True, protocol=2) as client:
            return client.execute_command(*words)

    def sees(self, replicas: int, sentinels: int) -> bool:
        flat = self.ask("SENTINEL MASTER", SERVICE)
        told = flat if isinstance(flat, dict) else dict(zip(flat[::2], flat[1::2], strict=True))
        return (int(told["num-slaves"]), int(told["num-other-sentinels"])) == (replicas, sentinels)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class SentinelFleet:
    """`servers[0]` begins as the primary of the others. `with SentinelFleet(folder, binary) as fleet: ... fleet.url ...`"""

    def __init__(self, folder: Path, binary: Path, *, replicas: int = 1, sentinels: int = 3) -> None:
        self._folder = folder
        self._binary = binary
        self._counts = (replicas, sentinels)
        self.servers: list[RedisServer] = []
        self.sentinels: list[Sentinel] = []

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://:{PASSWORD}@{hosts}/{SERVICE}?sentinel_password={PASSWORD}"

    def role(self, place: int) -> str:
        return str(ask(self.servers[place], "ROLE")[0])

    def __enter__(self) -> Self:
        replicas, sentinels = self._counts
        try:
            self.servers.append(server(self._folder / "primary", self._binary))
            self.servers[0].start()
            primary = self.servers[0].port
            for n in range(replicas):
                self.servers.append(
                    server(self._folder / f"replica-{n}", self._binary, f"replicaof 127.0.0.1 {primary}")
                )
                self.servers[-1].start()
            until(lambda: len(ask(self.servers[0], "ROLE")[2]) == replicas, "replication")
            self.sentinels += [
                Sentinel(self._folder / f"sentinel-{n}", self._binary, primary) for n in range(sentinels)
            ]
            for one in self.sentinels:
                until(lambda one=one: one.sees(replicas, sentinels - 1), "the Sentinels' view")  # type: ignore[misc]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for sentinel in self.sentinels:
            sentinel.stop()
        for one in self.servers:
            one.stop(deadline_s=0)  # nobody reads their data again


class ClusterFleet:
    """Primaries that share the slots evenly; `replicate` adds a replica. `with ClusterFleet(folder, binary) as fleet: ...`"""

    def __init__(self, folder: Path, binary: Path, *, primaries: int = 3) -> None:
        self._folder = folder
        self._binary = binary
        self._count = primaries
        self.servers: list[RedisServer] = []

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{one.port}" for one in self.servers[: self._count])
        return f"redis+cluster://:{PASSWORD}@{hosts}"

    def owner(self, namespace: str) -> RedisServer:
        """Whose the slot of a namespace was at the beginning."""
        return self.servers[self._place(slot_of(namespace))]

    def replicate(self, primary: RedisServer) -> RedisServer:
        replica = self._start()
        self._meet(replica)
        name = ask(primary, "CLUSTER", "MYID")
        until(lambda: row(replica, name), "the introduction")
        ask(replica, "CLUSTER", "REPLICATE", name)
        until(lambda: ask(replica, "ROLE")[3] == "connected", "replication")
        own = ask(replica, "CLUSTER", "MYID")
        for one in self.servers:  # a node that has not heard of it yet would not let it stand for election
            until(lambda one=one: f"slave {name}" in row(one, own), "news of the replica")  # type: ignore[misc]
        return replica

    def role(self, one: RedisServer) -> str:
        return str(ask(one, "ROLE")[0])

    def begin_move(self, slot: int, source: RedisServer, target: RedisServer) -> None:
        """From here on, keys of the slot may be at either."""
        ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", ask(source, "CLUSTER", "MYID"))
        ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", ask(target, "CLUSTER", "MYID"))

    def finish_move(self, slot: int, source: RedisServer, target: RedisServer) -> None:
        """All keys, then the news."""
        while keys := ask(source, "CLUSTER", "GETKEYSINSLOT", slot, 100):
            ask(source, "MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "AUTH", PASSWORD, "KEYS", *keys)
        for one in (target, source):
            ask(one, "CLUSTER", "SETSLOT", slot, "NODE", ask(target, "CLUSTER", "MYID"))

    def __enter__(self) -> Self:
        try:
            for n in range(self._count):
                one = self._start()
                ask(one, "CLUSTER", "ADDSLOTS", *(slot for slot in range(SLOTS) if self._place(slot) == n))
                ask(one, "CLUSTER", "SET-CONFIG-EPOCH", n + 1)
            for one in self.servers[1:]:
                self._meet(one)
            for one in self.servers:
                until(lambda one=one: "cluster_state:ok" in ask(one, "CLUSTER", "INFO"), "a working Cluster")  # type: ignore[misc]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for one in self.servers:
            one.stop(deadline_s=0)  # nobody reads their data again

    def _start(self) -> RedisServer:
        one = server(
            self._folder / f"node-{len(self.servers)}",
            self._binary,
            "cluster-enabled yes",
            f"cluster-node-timeout {CLUSTER_SILENCE_MS}",
        )
        one.port = port_with_bus()
        self.servers.append(one)
        one.start()
        return one

    def _place(self, slot: int) -> int:
        return slot * self._count // SLOTS

    def _meet(self, one: RedisServer) -> None:
        ask(one, "CLUSTER", "MEET", "127.0.0.1", self.servers[0].port)


def slot_of(namespace: str) -> int:
    return key_slot(f"{{{namespace}}}".encode())


def row(one: RedisServer, name: str) -> str:
    """What a node of a Cluster knows of another, as CLUSTER NODES says it; empty if nothing."""
    return next((line for line in str(ask(one, "CLUSTER", "NODES")).splitlines() if line.startswith(name)), "")


def port_with_bus() -> int:
    """A port that is free with its bus port, both below those the system gives to outgoing connections."""
    for port in random.sample(range(11_000, 22_000), 1000):
        with suppress(OSError), socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + BUS_OFFSET))
            return port
    raise AssertionError("no free pair of ports")
