"""Questions of machines: does it live, is it ready, how is each part, what are the numbers."""

from starlette.responses import Response

from broker.errors import Unavailable
from router import gauges
from router.health_outputs import DeepHealthOut, PartsOut
from router.inputs import NoBody, NoPath, NoQuery
from router.operations import Call, Operation, Reply, json_reply
from router.outputs import HealthOut, StatsOut
from router.telemetry import EXPOSITION_TYPE

_OK = b'{"status":"ok"}'
# A probe comes again by itself; anybody else may try in a second.
# The parts that every house has; the others are optional models.
NEEDED = [name for name, field in PartsOut.model_fields.items() if field.is_required()]
_NOT_READY = {"Cache-Control": "no-store", "Retry-After": "1"}


async def alive(_: Call[NoPath, NoQuery, NoBody]) -> Response:
    """Never touches Redis: a supervisor must not restart us for somebody else's outage."""
    return Response(_OK, headers={"Cache-Control": "no-store"}, media_type="application/json")


async def ready(call: Call[NoPath, NoQuery, NoBody]) -> Response:
    """Stands open to everybody, so it leaves out what the workers say of themselves and of models that nothing depends on."""
    health = await call.services.vitals.judged()
    bare = {name: getattr(health.parts, name).model_copy(update={"reports": None}) for name in NEEDED}
    return _health(health.model_copy(update={"parts": PartsOut.model_construct(**bare)}))


async def deep(call: Call[NoPath, NoQuery, NoBody]) -> Response:
    return _health(await call.services.vitals.judged())


def _health(health: DeepHealthOut) -> Response:
    body = health.model_dump_json(exclude_none=True)
    if health.status == "down":
        return Response(body, 503, _NOT_READY, media_type="application/json")
    return Response(body, headers={"Cache-Control": "no-store"}, media_type="application/json")


async def stats(call: Call[NoPath, NoQuery, NoBody]) -> Response:
    return json_reply(StatsOut.of(await call.broker.stats.snapshot()))


async def metrics(call: Call[NoPath, NoQuery, NoBody]) -> Response:
    """Answers without Redis too, with our own numbers and `redis_up 0`: an outage is when somebody looks."""
    try:
        snapshot = await call.broker.stats.snapshot()
    except Unavailable:
        snapshot = None
    health = await call.services.vitals.look()
    body = call.services.telemetry.exposition() + gauges.exposition(snapshot, health)
    return Response(body, headers={"Cache-Control": "no-store", "Content-Type": EXPOSITION_TYPE})


_DOWN = Reply(503, "A vital part is down", DeepHealthOut, headers={"Retry-After": "seconds"})

OPERATIONS = (
    *(
        Operation("GET", route, alive, says, "health", (Reply(200, "It does", HealthOut),), open=True)
        for route, says in (("/health", "Does the API answer"), ("/livez", "Does the process live; never asks Redis"))
    ),
    Operation(
        "GET",
        "/readyz",
        ready,
        "Can tickets come in and be judged",
        "health",
        (Reply(200, "Yes", DeepHealthOut), _DOWN),
        says="Ready: Redis answers, the backlog has room, and a worker reported in the last seconds.",
        open=True,
    ),
    Operation(
        "GET",
        "/health/deep",
        deep,
        "How each part is",
        "health",
        (Reply(200, "No vital part is down", DeepHealthOut), _DOWN),
    ),
    Operation("GET", "/stats", stats, "The numbers", "stats", (Reply(200, "One atomic snapshot", StatsOut),)),
    Operation(
        "GET",
        "/metrics",
        metrics,
        "The numbers for Prometheus",
        "stats",
        (Reply(200, "Text format 0.0.4", media_type="text/plain"),),
    ),
)
