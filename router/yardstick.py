"""`python -m router.yardstick`: what the intake is measured against (`scripts.bench intake`), never part of the product.

POST /echo    the least that Starlette and pydantic can do for a ticket: read the body, validate it, answer it
POST /rpush   the same with one RPUSH of it, the least that anybody could call storing

Both stand behind uvicorn with the settings of router/server.py. No limits, no keys, no record, no metrics.
"""

import os
import sys

import uvicorn
import uvloop
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from broker import Broker
from router.server import BACKLOG, listen


class Plain(BaseModel):
    subject: str = ""
    body: str = ""
    description: str = ""
    ticket_id: str | None = None
    requester: str | None = None
    metadata: dict[str, object] = {}


async def livez(request: Request) -> Response:
    return Response("ok")


async def echo(request: Request) -> Response:
    ticket = Plain.model_validate_json(await request.body())
    return Response(ticket.model_dump_json(), 202, media_type="application/json")


async def rpush(request: Request) -> Response:
    ticket = Plain.model_validate_json(await request.body())
    said = ticket.model_dump_json()
    broker: Broker = request.app.state.broker
    # The bare client: our own guard around it would only make the yardstick slower.
    await broker.store.redis.rpush(broker.store.keys.name("bell"), said)
    return Response(said, 202, media_type="application/json")


async def _serve() -> None:
    app = Starlette(
        routes=[
            Route("/echo", echo, methods=["POST"]),
            Route("/rpush", rpush, methods=["POST"]),
            Route("/livez", livez),
        ]
    )
    app.state.broker = Broker.assemble(os.environ["REDIS_URL"], namespace="yardstick")
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_config=None, server_header=False,
        backlog=BACKLOG, log_level="warning",
    )  # fmt: skip
    try:
        await uvicorn.Server(config).serve([listen("127.0.0.1", int(os.environ["PORT"]))])
    finally:
        await app.state.broker.close()


if __name__ == "__main__":
    uvloop.run(_serve())
    sys.exit(0)
