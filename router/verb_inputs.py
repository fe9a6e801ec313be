"""What the verbs on tickets and incidents take: proofs of a lease, reasons, times, corrections."""

import re
from typing import Annotated, Self

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from broker.records import UrgencyLabel
from router.inputs import Body
from router.text import Category, LongText, Reason, Token

# Sooner than a minute is not worth putting a ticket aside; a month later nobody remembers why.
ASIDE_MIN_S = 60
ASIDE_MAX_S = 30 * 24 * 3600
# More versions than any house makes, and still a number that every script language holds exactly.
VERSION_MAX = 2**31

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def _rfc_3339(value: object) -> object:
    """Pydantic alone would take bare numbers and dates without a time as well."""
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        return value
    raise PydanticCustomError("not_rfc_3339", "must be a time with its offset, as in 2026-05-04T09:00:00Z (RFC 3339)")


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_rfc_3339)]
Seconds = Annotated[int, Field(ge=ASIDE_MIN_S, le=ASIDE_MAX_S)]


class LeaseIn(Body):
    """The proof that the ticket is yours."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"lease_token": "3f1c9e52b7"}]})

    lease_token: Token


class ResolveIn(LeaseIn):
    """The proof, and what was sent to the customer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lease_token": "3f1c9e52b7", "response": "We have refunded it."}]}
    )

    response: LongText | None = None


class SkipIn(LeaseIn):
    """The proof, and why somebody else should take it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lease_token": "3f1c9e52b7", "reason": "I don't speak Polish"}]}
    )

    reason: Reason


class SnoozeIn(LeaseIn):
    """The proof, and when the ticket comes back: either `until` or `seconds` from now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"lease_token": "3f1c9e52b7", "seconds": 3600},
                {"lease_token": "3f1c9e52b7", "until": "2026-05-04T09:00:00Z"},
            ]
        }
    )

    until: Moment | None = Field(None, description="in the future, at most 30 days ahead")
    seconds: Seconds | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.until is None) == (self.seconds is None):
            raise PydanticCustomError("one_moment", "either until or seconds must be given, not both")
        return self


class SilenceIn(Body):
    """For how long an incident raises no alert."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"seconds": 3600}]})

    seconds: Seconds


class RollbackIn(Body):
    """The version to go back to."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 6}]})

    version: Annotated[int, Field(ge=0, le=VERSION_MAX)]


class EditIn(Body):
    """What a person corrects; at least one thing. `lease_token` is needed while somebody holds the ticket."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"category": "Billing", "urgency_label": "high"},
                {"lease_token": "3f1c9e52b7", "urgency_score": 0.35, "response": "We have refunded it."},
            ]
        }
    )

    category: Category | None = None
    urgency_score: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    urgency_label: Annotated[UrgencyLabel, Field(strict=False)] | None = Field(
        None, description="sets the score to 0.1, 0.5 or 0.9 unless one is given"
    )
    response: LongText | None = None
    lease_token: Token | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(value is None for value in (self.category, self.urgency_score, self.urgency_label, self.response)):
            raise PydanticCustomError("nothing_to_change", "at least one of these must be given")
        return self
