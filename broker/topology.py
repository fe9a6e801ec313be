"""What REDIS_URL says: one server, Sentinels that name the primary, or the nodes of a Cluster. Pure: nothing is opened here.

    redis://[user:password@]host:port/db                                    one server; rediss:// with TLS, unix:///path?db=0
    redis+sentinel://[user:password@]host:port,host:port/SERVICE[/db]       any Sentinels of SERVICE, 26379 if no port is given
    redis+cluster://[user:password@]host:port,host:port                     any nodes of the Cluster, 6379 if no port is given

`user:password` is for Redis itself. `?sentinel_password=` and `?sentinel_username=` are for the Sentinels. `rediss+sentinel` and
`rediss+cluster` speak TLS to all of them. Options of redis-py's URLs (`ssl_ca_certs`, `socket_timeout`...) may follow `?`.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from redis.asyncio.connection import parse_url

FORMS = (
    "redis://, rediss://, unix://, redis+sentinel://HOST:PORT,HOST:PORT/SERVICE or redis+cluster://HOST:PORT,HOST:PORT"
)
SENTINEL_OPTIONS = {"sentinel_username": "username", "sentinel_password": "password"}


class Kind(StrEnum):
    SINGLE = "single"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


# The port where each listens unless told otherwise.
DEFAULT_PORT = {Kind.SENTINEL: 26379, Kind.CLUSTER: 6379}


@dataclass(frozen=True, slots=True)
class Node:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Topology:
    """`options`: arguments of a redis-py connection to Redis; `sentinel_options`: of one to a Sentinel. Both may hold secrets.

    `nodes` are whom to ask for the primary, none for a single server, whose address is in `options`.
    """

    kind: Kind
    tls: bool
    nodes: tuple[Node, ...] = ()
    service: str = ""
    options: dict[str, object] = field(default_factory=dict, repr=False)
    sentinel_options: dict[str, object] = field(default_factory=dict, repr=False)


def parse(url: str) -> Topology:
    """Raises ValueError with a sentence that holds no secret."""
    scheme, _, kind = url.partition("://")[0].lower().partition("+")
    if (kind and (scheme not in ("redis", "rediss") or kind not in ("sentinel", "cluster"))) or (
        not kind and scheme not in ("redis", "rediss", "unix")
    ):
        raise ValueError(f"it must begin with {FORMS}")
    if not kind:
        return Topology(Kind.SINGLE, scheme == "rediss", options=_options(url))
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    nodes = _nodes(hosts, Kind(kind))
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    for_sentinel = {SENTINEL_OPTIONS[name]: query.pop(name) for name in SENTINEL_OPTIONS if name in query}
    path = [unquote(step) for step in parts.path.split("/")[1:] if step]
    service, db = _service(path) if kind == Kind.SENTINEL else ("", _no_db(path))
    if kind == Kind.CLUSTER and for_sentinel:
        raise ValueError("sentinel_username and sentinel_password belong to redis+sentinel://")
    at = f"{credentials}@" if credentials else ""
    options = _options(f"{scheme}://{at}primary/{db}?{urlencode(query)}")
    if kind == Kind.CLUSTER and options.get("db"):
        raise ValueError("a Redis Cluster has database 0 only")
    for name in ("host", "port", "connection_class"):
        options.pop(name, None)
    secure = {name: value for name, value in options.items() if name.startswith("ssl_")}
    return Topology(Kind(kind), scheme == "rediss", nodes, service, options, {**secure, **for_sentinel})


def _options(url: str) -> dict[str, object]:
    try:
        return {**parse_url(url)}
    except ValueError as error:
        if str(error).startswith("Invalid value for"):  # names an option; what urllib says may quote a password
            raise ValueError(str(error)) from None
        raise ValueError("it has no HOST:PORT; write / @ : # ? of a password as %2F %40 %3A %23 %3F") from None


def _nodes(hosts: str, kind: Kind) -> tuple[Node, ...]:
    nodes = []
    for place, one in enumerate(hosts.split(","), 1):
        try:
            parts = urlsplit(f"//{one.strip()}")
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host:
            raise ValueError(
                f"number {place} of its hosts is no HOST:PORT; write redis+{kind}://HOST:PORT,HOST:PORT, and "
                "/ @ : # ? of a password as %2F %40 %3A %23 %3F"
            )
        nodes.append(Node(unquote(host), port or DEFAULT_PORT[kind]))
    return tuple(dict.fromkeys(nodes))


def _service(path: list[str]) -> tuple[str, int]:
    if not path or len(path) > 2 or (len(path) == 2 and not path[1].isdecimal()):
        raise ValueError(
            "name the service the Sentinels watch: redis+sentinel://HOST:PORT/SERVICE or .../SERVICE/DB, e.g. /mymaster/0"
        )
    return path[0], int(path[1]) if len(path) == 2 else 0


def _no_db(path: list[str]) -> int:
    if path not in ([], ["0"]):
        raise ValueError("a Redis Cluster has database 0 only: redis+cluster://HOST:PORT,HOST:PORT without a path")
    return 0
