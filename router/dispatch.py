"""From an ASGI scope to a handler's Call, and from whatever comes back to an answer. One Resource per path of the route table."""

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from broker.errors import BrokerError
from router import body as request_body
from router import strict_json
from router.gate import Gate
from router.inputs import Body, Lines, NoBody, NoPath, NoQuery
from router.operations import Call, Operation
from router.problems import Problem, from_broker
from router.services import Services
from router.validation import parameters, validated

# Where the outermost layer finds which row of the table answered.
TEMPLATE = "router.template"

_NO_PATH, _NO_QUERY, _NO_BODY = NoPath(), NoQuery(), NoBody()


class Resource:
    """An ASGI application for one path: picks the operation by method, validates, calls, translates refusals."""

    def __init__(self, route: str, operations: Iterable[Operation], services: Services, gate: Gate) -> None:
        self._route = route
        self._services = services
        self._gate = gate
        self._operations = {operation.method: operation for operation in operations}
        if "GET" in self._operations and self._operations["GET"].head:
            self._operations["HEAD"] = self._operations["GET"]
        self._allow = ", ".join(sorted(self._operations))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[TEMPLATE] = self._route
        try:
            response = await self._answer(scope, receive)
        except request_body.ClientGone:
            return  # nobody is left to answer
        except BrokerError as error:
            response = from_broker(error).response()
        except Problem as problem:
            if "Connection" in problem.headers:
                await request_body.answer_unread(problem, receive, send)
                return
            response = problem.response()
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        operation = self._operations.get(scope["method"])
        if operation is None:
            raise Problem("method-not-allowed", f"{self._route} takes {self._allow}", headers={"Allow": self._allow})
        if not operation.open:
            await self._gate.admit(scope)
        path = _NO_PATH if operation.path is NoPath else validated(operation.path, scope["path_params"])
        query = (
            _NO_QUERY
            if operation.query is NoQuery and not scope["query_string"]
            else parameters(operation.query, scope["query_string"])
        )
        body = await self._body(operation, scope, receive) if operation.takes_body else _NO_BODY
        call = Call(self._services, path, query, body, Headers(raw=scope["headers"]), receive)
        return await operation.handler(call)

    async def _body(self, operation: Operation, scope: Scope, receive: Receive) -> Body:
        most = operation.max_body_bytes or self._services.config.max_body_bytes
        raw = await request_body.read(scope, receive, most)
        if not raw and operation.optional_body:
            return operation.body()
        request_body.require(operation.media_type, scope)
        if operation.body is Lines:
            return Lines.model_construct(raw=raw)
        return validated(operation.body, strict_json.parse(raw))
