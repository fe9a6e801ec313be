"""The bounds of a ticket's metadata: any JSON object, but a small one."""

import math

from pydantic_core import PydanticCustomError, to_json

from router.text import unwanted

# Metadata is for a few facts beside the text, and travels with every listing of the ticket.
METADATA_MAX_BYTES = 16_384
# Deep enough for any form's export; a bound keeps every reader's recursion harmless.
METADATA_MAX_DEPTH = 8
# 64-bit ids are common; beyond that other JSON readers round in silence.
INTEGER_MAX = 2**63 - 1
NAME_MAX_CHARS = 128
# So few, and of no more characters each, can't come near any of the bounds above, whatever their size in UTF-8.
GLANCE_MAX = 32


def bounded(value: dict[str, object]) -> dict[str, object]:
    """The value itself; a validation error saying which bound it breaks otherwise. Walks without recursion."""
    if not value or _is_small(value):
        return value
    pending: list[tuple[object, int]] = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        if isinstance(item, str):
            _text(item)
        elif isinstance(item, (dict, list)):
            if depth > METADATA_MAX_DEPTH:
                raise _refused(f"nests deeper than {METADATA_MAX_DEPTH} levels")
            if isinstance(item, dict):
                for name in item:
                    _name(name)
            children = item.values() if isinstance(item, dict) else item
            pending.extend((child, depth + 1) for child in children)
        else:
            _number(item)
    size = len(to_json(value))
    if size > METADATA_MAX_BYTES:
        raise _refused(f"is {size} bytes as JSON, at most {METADATA_MAX_BYTES} are kept")
    return value


def _is_small(value: dict[str, object]) -> bool:
    """Flat, short and harmless at a glance, as most are; False says nothing."""
    if len(value) > GLANCE_MAX:
        return False
    for name, item in value.items():
        if len(name) > GLANCE_MAX or not name.isprintable():
            return False
        if isinstance(item, str):
            if len(item) > GLANCE_MAX or not item.isprintable():
                return False
        elif not isinstance(item, int) or abs(item) > INTEGER_MAX:
            return False
    return True


def _name(name: str) -> None:
    if len(name) > NAME_MAX_CHARS:
        raise _refused(f"has a name longer than {NAME_MAX_CHARS} characters")
    _text(name)


def _text(text: str) -> None:
    if text.isprintable():
        return
    why = unwanted(text)
    if why is not None:
        raise _refused(f"has a text that {why}")


def _number(item: object) -> None:
    if isinstance(item, float) and not math.isfinite(item):
        raise _refused("has a number too large for a double")
    if isinstance(item, int) and abs(item) > INTEGER_MAX:
        raise _refused("has an integer beyond 64 bits")


def _refused(why: str) -> PydanticCustomError:
    return PydanticCustomError("metadata", "{why}", {"why": why})
