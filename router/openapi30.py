"""The same document in OpenAPI 3.0's words, for the documentation page alone.

The Swagger UI that comes as a pip package (4.15.5) refuses to draw 3.1. /openapi.json stays 3.1; this translation covers what our models
use: null, const, examples and exclusive bounds.
"""

from typing import Any

VERSION = "3.0.3"


def downgraded(document: dict[str, Any]) -> dict[str, Any]:
    """A 3.0.3 rendering of a 3.1 document of ours. The original is left alone."""
    made = _node(document)
    made["openapi"] = VERSION
    made["info"].get("license", {}).pop("identifier", None)
    return made  # type: ignore[no-any-return]


def _node(node: Any) -> Any:
    if isinstance(node, list):
        return [_node(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {name: _node(value) for name, value in node.items()}
    if "anyOf" in made:
        _null_to_nullable(made)
    if "const" in made:
        made["enum"] = [made.pop("const")]
    if isinstance(made.get("examples"), list):
        made["example"] = made.pop("examples")[0]
    return made


def _null_to_nullable(schema: dict[str, Any]) -> None:
    options = [option for option in schema["anyOf"] if option != {"type": "null"}]
    if len(options) == len(schema["anyOf"]):
        return
    schema["nullable"] = True
    if len(options) > 1:
        schema["anyOf"] = options
        return
    del schema["anyOf"]
    if "$ref" in options[0]:
        schema["allOf"] = options  # in 3.0 a reference drops what stands beside it
    else:
        schema.update(options[0])
