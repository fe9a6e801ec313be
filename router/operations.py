"""One row of the route table: what a call takes, what it answers, who handles it.

The row drives three things at once: the Starlette route, the validation and the OpenAPI document. What a call takes stands in its
handler's signature, `Call[Path, Query, Body]`, so the type checker sees the same models that validate.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from broker import Broker
from router.inputs import Body, Parameters
from router.problems import CATALOGUE
from router.services import Services

PathT = TypeVar("PathT", bound=Parameters)
QueryT = TypeVar("QueryT", bound=Parameters)
BodyT = TypeVar("BodyT", bound=Body)

PROBLEM_TYPE = "application/problem+json"
JSON_HEADERS = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))


@dataclass(slots=True)  # one a request, and a frozen one takes four times as long to make
class Call(Generic[PathT, QueryT, BodyT]):
    """A validated request."""

    services: Services
    path: PathT
    query: QueryT
    body: BodyT
    headers: Headers
    receive: Receive

    @property
    def broker(self) -> Broker:
        return self.services.broker


Handler = Callable[[Call[Any, Any, Any]], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Reply:
    """One documented answer. `model` None: no body, or `media_type` says what it is."""

    status: int
    says: str
    model: type[BaseModel] | None = None
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeaderIn:
    name: str
    says: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Operation:
    """`problems`: names in problems.CATALOGUE beyond those any call may give. `open`: no API key, no rate limit.

    `media_type`: of the body; other than JSON it must be `Lines`, which the handler reads. `max_body_bytes`: the call's own limit in
    the place of MAX_BODY_BYTES.
    `head`: False where looking is not harmless, so that HEAD is refused. `optional_body`: an empty body means all defaults.
    """

    method: str
    route: str
    handler: Handler
    summary: str
    tag: str
    replies: tuple[Reply, ...]
    says: str = ""
    problems: tuple[str, ...] = ()
    headers: tuple[HeaderIn, ...] = ()
    open: bool = False
    head: bool = True
    optional_body: bool = False
    media_type: str = "application/json"
    max_body_bytes: int | None = None
    path: type[Parameters] = field(init=False)
    query: type[Parameters] = field(init=False)
    body: type[Body] = field(init=False)
    takes_body: bool = field(init=False)

    def __post_init__(self) -> None:
        call = next(hint for name, hint in get_type_hints(self.handler).items() if name != "return")
        if get_origin(call) is not Call:
            raise TypeError(f"{self.handler} must take one Call[Path, Query, Body]")
        path, query, body = get_args(call)
        if set(re.findall(r"{(\w+)}", self.route)) != set(path.model_fields):
            raise TypeError(f"{self.method} {self.route}: the path's names are not those of {path.__name__}")
        for name in self.problems:
            CATALOGUE[name]  # a KeyError at import beats an undocumented kind in production
        for name, value in (("path", path), ("query", query), ("body", body), ("takes_body", bool(body.model_fields))):
            object.__setattr__(self, name, value)


class Prepared(Response):
    """A response whose headers are bytes already: made in a fifth of the time of Starlette's own constructor."""

    def __init__(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code = status
        self.body = body
        self.raw_headers = [(b"content-length", str(len(body)).encode()), *headers]
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


def json_reply(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON that nobody keeps: every answer here is a moment's truth."""
    extra = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()] if headers else []
    return Prepared(status, model.__pydantic_serializer__.to_json(model), [*JSON_HEADERS, *extra])
