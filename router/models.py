"""What judges: engines, and the numbered versions of what corrections have taught them; and the way back."""

from starlette.responses import Response

from router.inputs import NoBody, NoPath, NoQuery
from router.model_outputs import EngineOut, ModelsOut, VersionOut
from router.operations import Call, Operation, Reply, json_reply
from router.verb_inputs import RollbackIn


async def everything(call: Call[NoPath, NoQuery, NoBody]) -> Response:
    return json_reply(await _models(call))


async def rollback(call: Call[NoPath, NoQuery, RollbackIn]) -> Response:
    await call.broker.lessons.rollback(call.body.version)
    return json_reply(await _models(call))


async def _models(call: Call[NoPath, NoQuery, NoBody] | Call[NoPath, NoQuery, RollbackIn]) -> ModelsOut:
    held = await call.broker.lessons.list()
    workers = (await call.broker.health.check()).workers
    return ModelsOut(
        engines=[EngineOut.of(report) for report in workers],
        active=held.active,
        versions=[VersionOut.of(version, active=version.version == held.active) for version in held.versions],
        examples=held.kept,
        examples_waiting=held.due,
        examples_set_aside=held.aside,
    )


OPERATIONS = (
    Operation(
        "GET",
        "/models",
        everything,
        "Engines, and what corrections have taught them",
        "models",
        (Reply(200, "Every version that is kept, newest first", ModelsOut),),
        says="A ticket's `model_version` ends in `+lessons-N` when version N judged it. One correction in five is never learned "
        "from, and scores each version beside the models alone.",
    ),
    Operation(
        "POST",
        "/models/rollback",
        rollback,
        "Undo a bad batch of corrections",
        "models",
        (Reply(200, "A new version equal to the one named is active; workers follow within seconds", ModelsOut),),
        says="Every correction taken in after that version is set aside, and no later version learns from it. Version 0 is the "
        "models alone. Tickets that were judged already stay as they are.",
        problems=("not-found",),
    ),
)
