"""The application: the route table behind the edge."""

import json
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from broker import Broker
from router.config import RouterConfig
from router.dispatch import Resource
from router.edge import Edge
from router.gate import Gate
from router.openapi import document
from router.openapi30 import downgraded
from router.problems import Problem, echo
from router.routes import OPERATIONS, by_route
from router.services import Services
from router.socket import LiveUpdates
from router.socket_messages import PATH
from router.telemetry import Telemetry
from router.vitals import Vitals


class Exact:
    """Paths without parameters are looked up, the intake's first of all; the router tries one pattern after the other."""

    def __init__(self, resources: Mapping[str, ASGIApp], router: ASGIApp) -> None:
        self._resources = {path: resource for path, resource in resources.items() if "{" not in path}
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A server under a root path prefixes it, which the router knows to take off.
        plain = scope["type"] == "http" and not scope.get("root_path")
        await (self._resources.get(scope["path"], self._router) if plain else self._router)(scope, receive, send)


class Application(Starlette):
    """Starlette with our edge in the place of its two error layers, which would find nothing left to catch."""

    def __init__(self, telemetry: Telemetry, resources: Mapping[str, ASGIApp], routes: list[BaseRoute]) -> None:
        super().__init__(routes=[*(Route(path, resource) for path, resource in resources.items()), *routes])
        self._telemetry = telemetry
        self._resources = resources

    def build_middleware_stack(self) -> ASGIApp:
        return Edge(Exact(self._resources, self.router), self._telemetry)


def create_app(broker: Broker, config: RouterConfig | None = None) -> Starlette:
    """Opens and closes nothing itself. `app.state.closing`, an asyncio.Event, ends long polls and sockets when the server stops."""
    config = config or RouterConfig()
    described = document(OPERATIONS)
    services = Services(
        broker=broker,
        config=config,
        vitals=Vitals(broker),
        telemetry=Telemetry(),
        documents={"3.1": json.dumps(described).encode(), "3.0": json.dumps(downgraded(described)).encode()},
    )
    gate = Gate(broker, config.api_keys, config.rate_per_minute)
    app = Application(
        services.telemetry,
        {route: Resource(route, operations, services, gate) for route, operations in by_route().items()},
        [WebSocketRoute(PATH, LiveUpdates(services, gate))],
    )
    app.state.closing = services.closing
    app.router.redirect_slashes = False  # a redirect would lose a POST's body in half of all clients
    app.router.default = _nothing_here
    return app


async def _nothing_here(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await WebSocketClose()(scope, receive, send)
        return
    await Problem("not-found", f"nothing lives at {echo(scope['path'])}").response()(scope, receive, send)
