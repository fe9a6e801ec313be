"""What became of each line of a bulk: models like those of `outputs.py`."""

from typing import Literal

from pydantic import Field

from router.outputs import Answer, ProblemOut


class LineAccepted(Answer):
    line: int = Field(description="in the body, from 1; blank lines count")
    ticket_id: str
    status: Literal["accepted"]


class LineRefused(Answer):
    line: int = Field(description="in the body, from 1; blank lines count")
    problem: ProblemOut


class BulkOut(Answer):
    """One result a line, in the order of the lines."""

    accepted: int
    rejected: int
    results: list[LineAccepted | LineRefused]
