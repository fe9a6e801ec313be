"""The OpenAPI 3.1 document, made from the route table and the models that validate: there is no second truth to keep in step."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from router.inputs import Lines
from router.operations import PROBLEM_TYPE, HeaderIn, Operation, Reply
from router.outputs import ProblemOut
from router.problems import CATALOGUE
from router.socket_messages import DESCRIBED

VERSION = "3.1.0"
_REFERENCE = "#/components/schemas/{model}"
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "One of API_KEYS"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "One of API_KEYS"},
}
_BODY_PROBLEMS = ("invalid-json", "request-timeout", "body-too-large", "unsupported-media-type", "invalid-request")
_GATED_PROBLEMS = ("unauthorized", "too-many-requests", "unavailable")


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.route, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": VERSION,
        "info": {
            "title": "Smart-Support",
            "version": "0.1.0",
            "description": "A ticket routing engine. Errors are RFC 9457 problems; their `type` is stable and can be opened. "
            f"Times are RFC 3339 in UTC. Unknown fields and parameters are refused.{DESCRIBED}",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": _schemas(operations), "securitySchemes": _SECURITY},
    }


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    models: dict[type[BaseModel], None] = {ProblemOut: None}
    for operation in operations:
        if operation.takes_body and operation.body is not Lines:
            models[operation.body] = None
        models.update({reply.model: None for reply in operation.replies if reply.model is not None})
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REFERENCE)
    found: dict[str, Any] = schemas["$defs"]
    return found


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{operation.method.lower()}{operation.route.replace('/', '_').replace('{', '').replace('}', '')}",
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": _responses(operation),
        # An empty requirement: the keys are an option of the one who runs it.
        "security": [{}] if operation.open else [{}, {"bearer": []}, {"header": []}],
    }
    if operation.says:
        described["description"] = operation.says
    parameters = [
        *_parameters(operation.path, "path"),
        *_parameters(operation.query, "query"),
        *(_header(header) for header in operation.headers),
    ]
    if parameters:
        described["parameters"] = parameters
    if operation.takes_body:
        described["requestBody"] = {
            "required": not operation.optional_body,
            "content": {operation.media_type: {"schema": _body(operation.body)}},
        }
    return described


def _parameters(model: type[BaseModel], place: str) -> list[dict[str, Any]]:
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    defined = schema.get("$defs", {})
    return [
        _parameter(name, place, name in required, dict(property_), defined)
        for name, property_ in schema.get("properties", {}).items()
    ]


def _parameter(
    name: str, place: str, required: bool, schema: dict[str, Any], defined: Mapping[str, Any]
) -> dict[str, Any]:
    described: dict[str, Any] = {"name": name, "in": place, "required": required}
    if "description" in schema:
        described["description"] = schema.pop("description")
    schema.pop("title", None)
    if "anyOf" in schema:  # a parameter is there or not; null is no text
        schema = next(option for option in schema["anyOf"] if option.get("type") != "null")
    if "$ref" in schema:  # an enumeration; its few words are shown where they are used
        schema = {"type": "string", "enum": defined[schema["$ref"].rpartition("/")[2]]["enum"]}
    return {**described, "schema": schema}


def _body(model: type[BaseModel]) -> dict[str, Any]:
    if model is Lines:  # OpenAPI 3.1 can't say what stands in a line
        return {"type": "string", "examples": ['{"subject": "Charged twice"}\n{"subject": "Login fails"}\n']}
    return _reference(model)


def _header(header: HeaderIn) -> dict[str, Any]:
    return {
        "name": header.name,
        "in": "header",
        "required": False,
        "description": header.says,
        "schema": dict(header.schema),
    }


def _responses(operation: Operation) -> dict[str, Any]:
    responses = {str(reply.status): _reply(reply) for reply in operation.replies}
    by_status: dict[int, list[str]] = {}
    for name in dict.fromkeys(_problems(operation)):
        by_status.setdefault(CATALOGUE[name].status, []).append(name)
    for status, names in sorted(by_status.items()):
        if str(status) in responses:
            continue  # the probes' 503 has a body of its own
        says = "; ".join(f"{CATALOGUE[name].title} (`{CATALOGUE[name].type}`)" for name in names)
        responses[str(status)] = {
            "description": says,
            "content": {PROBLEM_TYPE: {"schema": _reference(ProblemOut)}},
        }
    return responses


def _problems(operation: Operation) -> list[str]:
    """What this call may be told, from what it takes."""
    names = list(operation.problems)
    if not operation.open:
        names.extend(_GATED_PROBLEMS)
    if operation.takes_body:
        names.extend(_BODY_PROBLEMS)
    return [*names, "invalid-request", "internal-error"]


def _reply(reply: Reply) -> dict[str, Any]:
    described: dict[str, Any] = {"description": reply.says}
    if reply.model is not None:
        described["content"] = {reply.media_type: {"schema": _reference(reply.model)}}
    elif reply.media_type != "application/json":
        described["content"] = {reply.media_type: {"schema": {"type": "string"}}}
    if reply.headers:
        described["headers"] = _headers_out(reply.headers)
    return described


def _headers_out(headers: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"description": says, "schema": {"type": "string"}} for name, says in headers.items()}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}
