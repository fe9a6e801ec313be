"""Incidents: what many tickets have in common, taken and settled as one."""

from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from router.inputs import IncidentPath, MemberPath, NoBody, NoPath, NoQuery, PageQuery
from router.operations import Call, Operation, Reply, json_reply
from router.outputs import IncidentOut, IncidentPage, TicketOut
from router.problems import invalid
from router.verb_inputs import SilenceIn


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


async def silence(call: Call[IncidentPath, NoQuery, SilenceIn]) -> Response:
    # Redis's clock, which the alerts go by as well.
    now = datetime.fromtimestamp(await call.broker.store.now_ms() / 1000, UTC)
    until = now + timedelta(seconds=call.body.seconds)
    return json_reply(IncidentOut.of(await call.broker.incidents.silence(call.path.incident_id, until)))


async def remove(call: Call[MemberPath, NoQuery, NoBody]) -> Response:
    await call.broker.incidents.remove(call.path.incident_id, call.path.ticket_id)
    return json_reply(TicketOut.of(await call.broker.listing.ticket(call.path.ticket_id)))


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
    Operation(
        "POST",
        "/incidents/{incident_id}/silence",
        silence,
        "No more alerts of it for a while",
        "incidents",
        _INCIDENT,
        says="Tickets go on folding into it.",
        problems=("not-found",),
    ),
    Operation(
        "DELETE",
        "/incidents/{incident_id}/tickets/{ticket_id}",
        remove,
        "Take a wrong member out",
        "incidents",
        (Reply(200, "The ticket; back in the queue if it had been folded", TicketOut),),
        problems=("not-found",),
    ),
)
