"""Raw parts of a request into their models, and every complaint into one problem that names the fields."""

from typing import TypeVar, cast
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from router.problems import Problem, echo, invalid

ModelT = TypeVar("ModelT", bound=BaseModel)

# More than any call takes; beyond it somebody is playing.
QUERY_PARAMETERS_MAX = 32

# Where pydantic's own sentence speaks of inputs, ours speaks of what the caller did.
_MESSAGES = {
    "extra_forbidden": "unknown here",
    "missing": "required",
    "model_type": "the body must be a JSON object",
    "string_unicode": "a name in the object is not valid Unicode",
}
# Complaints about several fields at once, by their type; each of the fields is named.
_TOGETHER = {
    "blank_ticket": ("subject", "body", "description"),
    "nothing_to_change": ("category", "urgency_score", "urgency_label", "response"),
    "one_moment": ("until", "seconds"),
    "one_subject": ("ticket_ids", "all"),
}


def validated(model: type[ModelT], value: object) -> ModelT:
    """Raises Problem (422) with every field that was wrong."""
    try:
        # What model_validate does after looking at eight options that nobody gave.
        return cast(ModelT, model.__pydantic_validator__.validate_python(value))
    except ValidationError as error:
        raise _problem(error) from None


def parameters(model: type[ModelT], query_string: bytes) -> ModelT:
    """The query parameters. Unknown, doubled and malformed ones are errors (422)."""
    if not query_string:
        return validated(model, {})
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=QUERY_PARAMETERS_MAX,
        )
    except UnicodeDecodeError:
        raise invalid([("query", "is not percent-encoded UTF-8")]) from None
    except ValueError:
        raise invalid([("query", f"has more than {QUERY_PARAMETERS_MAX} parameters")]) from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise invalid([(name, "given twice")])
        given[name] = value
    return validated(model, given)


def _problem(error: ValidationError) -> Problem:
    found: list[tuple[str, str]] = []
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        if detail["type"] in _TOGETHER:
            found.extend((field, detail["msg"]) for field in _TOGETHER[detail["type"]])
        else:
            found.append((_field(detail), _MESSAGES.get(detail["type"], detail["msg"])))
    return invalid(found)


def _field(detail: ErrorDetails) -> str:
    # "[key]" marks a complaint about a name inside an object, which the place before it tells already.
    return echo(".".join(str(step) for step in detail["loc"] if step != "[key]")) or "body"
