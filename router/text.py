"""Which text may enter: the string types that the request models are made of."""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

# One subject line with room for a pasted error; mail programs fold long before.
SUBJECT_MAX_CHARS = 1_000
# A whole mail thread with quotes; the body limit in bytes bounds all texts together.
BODY_MAX_CHARS = 100_000
# RFC 5321: 64 for the local part, @, 255 for the domain; names are shorter.
REQUESTER_MAX_CHARS = 320
# The broker's tokens are far shorter; long enough for any, short enough to refuse rubbish at once.
TOKEN_MAX_CHARS = 200
# A person's or team's name, fit for a key, a URL and a table cell.
AGENT_NAME_MAX_CHARS = 64
# A sentence or three, read in a table.
REASON_MAX_CHARS = 500
# A person's full name in any custom.
PERSON_NAME_MAX_CHARS = 200
# RFC 5321's limit for a whole address in a path.
EMAIL_MAX_CHARS = 254
# Configured labels are a word or three.
CATEGORY_MAX_CHARS = 100

# Unicode's Cc without tab, line feed and carriage return: terminals obey them, people never type them.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Half of a pair alone is no character and can't be written as UTF-8.
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

# Words that are routes below /tickets: a ticket called so could not be fetched.
RESERVED_TICKET_IDS = frozenset({"next", "bulk"})


def unwanted(value: str) -> str | None:
    """Why this text is refused, as the end of a sentence; None if it is fine."""
    found = _UNWANTED.search(value)
    if found is None:
        return None
    code = ord(found.group())
    what = "a lone surrogate" if _SURROGATE.match(found.group()) else "a control character"
    return f"holds {what} (U+{code:04X}) at position {found.start()}"


def clean(value: str) -> str:
    """The value itself; a validation error of type `unclean_text` if it holds what no customer types."""
    if value.isprintable():  # one line of any language: a tenth of what the search below costs
        return value
    why = unwanted(value)
    if why is not None:
        raise PydanticCustomError("unclean_text", "{why}", {"why": why})
    return value


def _not_reserved(value: str) -> str:
    if value in RESERVED_TICKET_IDS:
        raise PydanticCustomError("reserved_id", "this word is reserved, choose another ticket_id")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "must not be blank")
    return value


Clean = AfterValidator(clean)
NotBlank = AfterValidator(_not_blank)

Subject = Annotated[str, StringConstraints(max_length=SUBJECT_MAX_CHARS), Clean]
LongText = Annotated[str, StringConstraints(max_length=BODY_MAX_CHARS), Clean]
Requester = Annotated[str, StringConstraints(min_length=1, max_length=REQUESTER_MAX_CHARS), Clean]
Token = Annotated[str, StringConstraints(min_length=1, max_length=TOKEN_MAX_CHARS), Clean]
Category = Annotated[str, StringConstraints(min_length=1, max_length=CATEGORY_MAX_CHARS), Clean]
TicketId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"), AfterValidator(_not_reserved)
]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=REASON_MAX_CHARS), Clean, NotBlank]
PersonName = Annotated[str, StringConstraints(min_length=1, max_length=PERSON_NAME_MAX_CHARS), Clean, NotBlank]
# Only what no address can do without: whether it exists is for the mail to find out.
Email = Annotated[str, StringConstraints(pattern=r"^[^\s@]+@[^\s@]+$", min_length=3, max_length=EMAIL_MAX_CHARS), Clean]
UserId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
IncidentId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
# Begins with a letter or digit in any script; no slash, so that it fits in a path.
AgentName = Annotated[
    str, StringConstraints(pattern=r"^\w[\w .@'-]*$", min_length=1, max_length=AGENT_NAME_MAX_CHARS), Clean
]
