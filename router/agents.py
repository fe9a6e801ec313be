"""Agents: who they are, what they can, and whether they are there."""

from urllib.parse import quote

from starlette.responses import Response

from broker.records import Agent
from router.inputs import AgentIn, AgentPath, HeartbeatIn, NoBody, NoPath, NoQuery
from router.operations import Call, Operation, Reply, json_reply
from router.people_outputs import AgentList, AgentOut


async def put(call: Call[AgentPath, NoQuery, AgentIn]) -> Response:
    name, sent = call.path.name, call.body
    created = await call.broker.agents.put(
        Agent(name=name, skills=sent.skills, capacity=sent.capacity, status=sent.status)
    )
    agent = AgentOut.of(await call.broker.agents.get(name))
    return json_reply(agent, 201, {"Location": f"/agents/{quote(name)}"}) if created else json_reply(agent)


async def get(call: Call[AgentPath, NoQuery, NoBody]) -> Response:
    return json_reply(AgentOut.of(await call.broker.agents.get(call.path.name)))


async def delete(call: Call[AgentPath, NoQuery, NoBody]) -> Response:
    await call.broker.agents.delete(call.path.name)
    return Response(status_code=204)


async def everybody(call: Call[NoPath, NoQuery, NoBody]) -> Response:
    return json_reply(
        AgentList.model_construct(items=[AgentOut.of(agent) for agent in await call.broker.agents.list()])
    )


async def heartbeat(call: Call[AgentPath, NoQuery, HeartbeatIn]) -> Response:
    return json_reply(AgentOut.of(await call.broker.agents.heartbeat(call.path.name, call.body.status)))


_AGENT = Reply(200, "The agent", AgentOut)

OPERATIONS = (
    Operation("GET", "/agents", everybody, "Every agent", "agents", (Reply(200, "All of them", AgentList),)),
    Operation("GET", "/agents/{name}", get, "One agent", "agents", (_AGENT,), problems=("not-found",)),
    Operation(
        "PUT",
        "/agents/{name}",
        put,
        "Make or change an agent",
        "agents",
        (
            Reply(201, "Made", AgentOut, headers={"Location": "the new agent"}),
            Reply(200, "Changed; the load stays", AgentOut),
        ),
    ),
    Operation(
        "DELETE",
        "/agents/{name}",
        delete,
        "Remove an agent",
        "agents",
        (Reply(204, "Gone"),),
        problems=("not-found",),
    ),
    Operation(
        "POST",
        "/agents/{name}/heartbeat",
        heartbeat,
        "Say that an agent is there",
        "agents",
        (_AGENT,),
        says="An empty body means online. Who has once said so should repeat it every 30 s: after a minute of silence the agent is "
        "set offline, after ten what they hold goes back to the queue. Agents that never said anything stay as they are.",
        problems=("not-found",),
        optional_body=True,
    ),
)
