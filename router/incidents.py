"""Incidents: what many tickets have in common, taken and settled as one."""

from starlette.responses import Response

from router.inputs import IncidentPath, NoBody, NoPath, NoQuery, PageQuery
from router.operations import Call, Operation, Reply, json_reply
from router.outputs import IncidentOut, IncidentPage
from router.problems import invalid


async def everything(call: Call[NoPath, PageQuery, NoBody]) -> Response:
    try:
        page = await call.broker.incidents.list(call.query.limit, call.query.cursor)
    except ValueError:
        raise invalid([("cursor", "not one of ours, or of another listing")]) from None
    items = [IncidentOut.of(incident) for incident in page.items]
    return json_reply(IncidentPage.model_construct(items=items, cursor=page.cursor))


async def get(call: Call[IncidentPath, NoQuery, NoBody]) -> Response:
    return json_reply(IncidentOut.of(await call.broker.incidents.get(call.path.incident_id)))


async def acknowledge(call: Call[IncidentPath, NoQuery, NoBody]) -> Response:
    return json_reply(IncidentOut.of(await call.broker.incidents.acknowledge(call.path.incident_id)))


async def resolve(call: Call[IncidentPath, NoQuery, NoBody]) -> Response:
    return json_reply(IncidentOut.of(await call.broker.incidents.resolve(call.path.incident_id)))


_INCIDENT = (Reply(200, "The incident", IncidentOut),)

OPERATIONS = (
    Operation(
        "GET", "/incidents", everything, "Incidents, newest first", "incidents", (Reply(200, "A page", IncidentPage),)
    ),
    Operation("GET", "/incidents/{incident_id}", get, "One incident", "incidents", _INCIDENT, problems=("not-found",)),
    Operation(
        "POST",
        "/incidents/{incident_id}/acknowledge",
        acknowledge,
        "Somebody is on it",
        "incidents",
        _INCIDENT,
        problems=("not-found", "wrong-state"),
    ),
    Operation(
        "POST",
        "/incidents/{incident_id}/resolve",
        resolve,
        "Settle the incident and every member",
        "incidents",
        _INCIDENT,
        problems=("not-found", "wrong-state"),
    ),
)
