"""JSON without the traps that RFC 8259 leaves open: doubled names, NaN, other encodings than UTF-8, bottomless nesting.

The standard library's scanner is used rather than pydantic's own JSON mode: that one takes NaN, keeps the last of two
equal names in silence, and can't name the field that holds a lone surrogate. The hook costs half a microsecond a ticket.
"""

import json
from json.scanner import make_scanner
from typing import NoReturn

from router.problems import Problem, echo

# The widest body model has six fields; refused before a validator has to list each of thousands of unknown names.
TOP_LEVEL_NAMES_MAX = 64


class _Refused(ValueError):
    pass


def parse(raw: bytes) -> object:
    """The value. Raises Problem (400, with line and column where there is one)."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise Problem("invalid-json", f"the body is not UTF-8: byte {error.start} fits no character") from None
    if text.startswith("\ufeff"):
        raise Problem("invalid-json", "the body begins with a byte order mark (BOM); send plain UTF-8")
    try:
        value: object
        try:
            value, end = _SCAN(text, 0)  # what `decode` does between two looks for white space
        except StopIteration:
            end = -1
        if end != len(text):  # white space around it, or not JSON at all: the whole way, with its error message
            value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise Problem("invalid-json", f"{error.msg} at {where}", errors=[("body", f"{error.msg} at {where}")]) from None
    except RecursionError:
        raise Problem("invalid-json", "the body nests too deep") from None
    except ValueError as error:  # ours, and the standard library's for integers of thousands of digits
        why = str(error) if isinstance(error, _Refused) else "a number has too many digits"
        raise Problem("invalid-json", why) from None
    if isinstance(value, dict) and len(value) > TOP_LEVEL_NAMES_MAX:
        raise Problem("invalid-request", f"the object has {len(value)} fields, at most {TOP_LEVEL_NAMES_MAX} are read")
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Refused(f"the name {echo(name)!r} stands twice in one object")
            seen.add(name)
    return made


def _constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
_SCAN = make_scanner(_DECODER)  # type: ignore[arg-type] # typeshed takes it for its own argument
