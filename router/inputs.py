"""What a caller may send: the models that validate and that the OpenAPI document is made from.

Strict (no "5" for 5) and closed (an unknown field is an error, since it is a typo far more often than a wish).
Path and query parameters arrive as text, so those models are closed but convert.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from broker.records import Presence, Status, UrgencyLabel
from router.metadata import bounded
from router.text import (
    AgentName,
    Category,
    Email,
    IncidentId,
    LongText,
    PersonName,
    Requester,
    Subject,
    TicketId,
    UserId,
)

# Proxies and load balancers commonly cut a silent connection at 60 s; half of it is safe.
WAIT_MAX_S = 30.0
# Fits a screen or three; the page is read from Redis in one go.
LIMIT_DEFAULT = 50
LIMIT_MAX = 200
# Nobody works on more at once; a bound keeps the score's arithmetic sane.
CAPACITY_MAX = 1_000
# More labels than any configuration has.
SKILLS_MAX = 100
CURSOR_MAX_CHARS = 512


class Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoBody(Body):
    """The call takes no body; one that comes is not read."""


class NoPath(Parameters):
    pass


class NoQuery(Parameters):
    pass


class TicketPath(Parameters):
    ticket_id: TicketId


class AgentPath(Parameters):
    name: AgentName


class IncidentPath(Parameters):
    incident_id: IncidentId


class MemberPath(IncidentPath, TicketPath):
    pass


class UserPath(Parameters):
    user_id: UserId


class NamePath(Parameters):
    """A file or page of ours."""

    name: str = Field(max_length=100)


Wait = Annotated[float, Field(ge=0, le=WAIT_MAX_S, allow_inf_nan=False)]


class WaitQuery(Parameters):
    wait: Wait = Field(0.0, description="seconds to wait for the ticket to be judged")


class NextQuery(Parameters):
    agent: AgentName | None = Field(None, description="whose skills decide; without it simply the most urgent ticket")
    wait: Wait = Field(0.0, description="seconds to wait for a ticket to become ready")


class PageQuery(Parameters):
    limit: int = Field(LIMIT_DEFAULT, ge=1, le=LIMIT_MAX, description="items on the page")
    cursor: str | None = Field(
        None, min_length=1, max_length=CURSOR_MAX_CHARS, description="`cursor` of the page before, unchanged"
    )


class SearchQuery(PageQuery):
    """Filters, each optional; a ticket must match all that are given."""

    status: Status | None = None
    category: Category | None = None
    urgency_label: UrgencyLabel | None = None
    agent: AgentName | None = Field(None, description="whose desk it lies on")
    requester: Requester | None = None
    incident: IncidentId | None = Field(None, description="its members, folded or not")
    needs_review: Literal["true", "false"] | None = None


class UsersQuery(PageQuery):
    email: Email | None = Field(None, description="the one user who has it, whatever its case")


class TicketIn(Body):
    """A new ticket. At least one of subject, body and description must say something."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"subject": "Charged twice", "body": "My card shows two payments for invoice 2024-118."},
                {
                    "ticket_id": "web-1042",
                    "subject": "Login fails since this morning",
                    "body": "Nobody in our office can log in. Error 503 on every try.",
                    "requester": "ana@example.com",
                    "metadata": {"plan": "team", "seats": 40},
                },
            ]
        }
    )

    subject: Subject = ""
    body: LongText = ""
    description: LongText = ""
    ticket_id: TicketId | None = Field(None, description="yours if you have one; we make one otherwise")
    requester: Requester | None = Field(None, description="who asks: a mail address, a name, an id of yours")
    metadata: Annotated[dict[str, object], AfterValidator(bounded)] = Field(
        default_factory=dict, description="any JSON object of at most 16 KiB and 8 levels"
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.subject.strip() or self.body.strip() or self.description.strip()):
            raise PydanticCustomError("blank_ticket", "at least one of subject, body and description must be non-blank")
        return self


class AgentIn(Body):
    """An agent; the name stands in the path."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"skills": {"Technical": 0.9, "Billing": 0.1}, "capacity": 5}]}
    )

    skills: dict[Category, Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]] = Field(max_length=SKILLS_MAX)
    capacity: int = Field(ge=0, le=CAPACITY_MAX, description="tickets at once")
    status: Annotated[Presence, Field(strict=False)] = Presence.ONLINE


class HeartbeatIn(Body):
    """What the agent is now; an empty body says online."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "away"}]})

    status: Annotated[Presence, Field(strict=False)] = Presence.ONLINE


class UserIn(Body):
    """A requester."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Ana Lima", "email": "ana@example.com"}]})

    name: PersonName
    email: Email


class Lines(Body):
    """NDJSON as it came: the handler reads line by line, so that a bad one spoils only itself."""

    raw: bytes
