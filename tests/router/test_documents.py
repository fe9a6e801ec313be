"""The OpenAPI document and the pages tell the truth about the routes."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from broker import Broker
from router import bulk_outputs, inputs, outputs, people_outputs, verb_inputs
from router.app import create_app
from router.openapi import document
from router.openapi30 import downgraded
from router.problems import CATALOGUE
from router.routes import OPERATIONS

DOCUMENT = document(OPERATIONS)
MODELS = (inputs, verb_inputs, outputs, people_outputs, bulk_outputs)
CALLS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    elif isinstance(node, list):
        for item in node:
            yield from nodes(item)


def test_every_route_is_described_and_every_description_is_a_route(broker: Broker) -> None:
    routes = {route.path for route in create_app(broker).routes if isinstance(route, Route)}
    assert routes == set(DOCUMENT["paths"])
    assert sorted(CALLS) == sorted((operation.route, operation.method.lower()) for operation in OPERATIONS)
    assert len(CALLS) == len(set(CALLS)) == len(OPERATIONS)


def test_the_contract_of_this_stage_is_all_there() -> None:
    promised = """
        post /tickets; get /tickets/{ticket_id}; get /tickets/{ticket_id}/status; get /queue
        post /tickets/next; get /tickets/next; post /tickets/{ticket_id}/resolve; post /tickets/{ticket_id}/release
        post /tickets/{ticket_id}/extend; get /agents; get /agents/{name}; put /agents/{name}; delete /agents/{name}
        post /agents/{name}/heartbeat; get /incidents; get /incidents/{incident_id}
        post /incidents/{incident_id}/acknowledge; post /incidents/{incident_id}/resolve; get /stats; get /health
        get /tickets; post /tickets/bulk; patch /tickets/{ticket_id}; post /tickets/{ticket_id}/skip
        post /tickets/{ticket_id}/snooze; post /tickets/{ticket_id}/reopen; post /users; get /users; get /users/{user_id}
        post /incidents/{incident_id}/silence; delete /incidents/{incident_id}/tickets/{ticket_id}
        get /models; post /models/rollback
        get /health/deep; get /livez; get /readyz; get /metrics; get /openapi.json; get /docs; get /
    """
    wanted = {tuple(call.split()) for call in re.split(r"[;\n]", promised) if call.strip()}
    assert wanted <= {(method, path) for path, method in CALLS}


def test_it_is_openapi_3_1_and_every_reference_leads_somewhere() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    references = {node["$ref"] for node in nodes(DOCUMENT) if "$ref" in node}
    assert references == {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}


@pytest.mark.parametrize(("path", "method"), CALLS)
def test_each_call_is_described_whole(path: str, method: str) -> None:
    call = DOCUMENT["paths"][path][method]
    in_path = {one["name"] for one in call.get("parameters", ()) if one["in"] == "path"}
    assert in_path == set(re.findall(r"{(\w+)}", path))
    assert all(one["required"] for one in call.get("parameters", ()) if one["in"] == "path")
    assert all(one["schema"] for one in call.get("parameters", ()))
    assert any(status.startswith("2") for status in call["responses"])
    assert all(answer["description"] for answer in call["responses"].values())
    assert "500" in call["responses"]
    if "requestBody" in call:
        assert {"400", "413", "415", "422"} <= set(call["responses"])


def test_operation_ids_are_unique() -> None:
    ids = [call["operationId"] for methods in DOCUMENT["paths"].values() for call in methods.values()]
    assert len(set(ids)) == len(ids)


def test_the_examples_are_valid_under_the_models_that_validate() -> None:
    checked = 0
    for name, schema in DOCUMENT["components"]["schemas"].items():
        model = next((found for room in MODELS if (found := getattr(room, name, None))), None)
        for example in schema.get("examples", ()):
            assert model is not None
            model.model_validate(example)
            checked += 1
    assert checked >= 6


async def test_the_bounds_in_the_document_are_those_that_hold(asgi: httpx.AsyncClient) -> None:
    subject = DOCUMENT["components"]["schemas"]["TicketIn"]["properties"]["subject"]
    longest = "x" * subject["maxLength"]
    assert (await asgi.post("/tickets", json={"subject": longest})).status_code == 202
    assert (await asgi.post("/tickets", json={"subject": longest + "x"})).status_code == 422
    limit = next(one for one in DOCUMENT["paths"]["/queue"]["get"]["parameters"] if one["name"] == "limit")["schema"]
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 200, 50)
    wait = next(one for one in DOCUMENT["paths"]["/tickets"]["post"]["parameters"] if one["name"] == "wait")["schema"]
    assert (wait["minimum"], wait["maximum"]) == (0, 30)


async def test_the_document_is_served(asgi: httpx.AsyncClient) -> None:
    answer = await asgi.get("/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == json.loads(json.dumps(DOCUMENT))


def test_the_older_rendering_says_the_same_in_3_0s_words() -> None:
    older = downgraded(DOCUMENT)
    assert older["openapi"] == "3.0.3"
    assert {(path, method) for path, methods in older["paths"].items() for method in methods} == set(CALLS)
    for node in nodes(older):
        assert node.get("type") != "null"
        assert "const" not in node
        assert not isinstance(node.get("exclusiveMinimum"), float)
        assert not isinstance(node.get("type"), list)
    ticket = older["components"]["schemas"]["TicketOut"]["properties"]
    assert ticket["category"]["nullable"] is True
    assert DOCUMENT["openapi"].startswith("3.1."), "the original is left alone"


async def test_the_documentation_page_loads_everything_from_us(asgi: httpx.AsyncClient) -> None:
    page = await asgi.get("/docs")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "//" not in page.text.replace("<!doctype html>", ""), "no address of another host"
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) >= 4
    types = {".css": "text/css", ".js": "text/javascript", ".png": "image/png"}
    for path in loaded:
        file = await asgi.get(path)
        assert file.status_code == 200
        assert file.headers["Content-Type"].split(";")[0] == types[path[path.rindex(".") :]]
        assert file.content
    start = (await asgi.get("/docs/start.js")).text
    (url,) = re.findall(r'url: "([^"]+)"', start)
    assert (await asgi.get(url)).json()["openapi"] == "3.0.3"


@pytest.mark.parametrize("name", ["index.html", "..%2f__init__.py", "%2e%2e", "swagger-ui-bundle.js.map"])
async def test_no_other_file_can_be_had(asgi: httpx.AsyncClient, name: str) -> None:
    assert (await asgi.get(f"/docs/{name}")).status_code == 404


async def test_the_first_page_is_a_page(asgi: httpx.AsyncClient) -> None:
    answer = await asgi.get("/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("name", sorted(CATALOGUE))
async def test_every_problem_type_can_be_opened(asgi: httpx.AsyncClient, name: str) -> None:
    answer = await asgi.get(CATALOGUE[name].type)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert CATALOGUE[name].title in answer.text


async def test_an_unknown_problem_is_a_404(asgi: httpx.AsyncClient) -> None:
    assert (await asgi.get("/problems/none")).status_code == 404
