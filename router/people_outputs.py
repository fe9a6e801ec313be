"""Agents and requesters as a caller gets them: models like those of `outputs.py`."""

from datetime import datetime
from typing import Self

from pydantic import Field

from broker.records import Agent, Presence, User
from router.outputs import Answer


class AgentOut(Answer):
    """`load`: tickets assigned and not yet resolved."""

    name: str
    skills: dict[str, float]
    capacity: int
    status: Presence
    load: int
    last_seen_at: datetime | None

    @classmethod
    def of(cls, agent: Agent) -> Self:
        values = {name: getattr(agent, name) for name in cls.model_fields}
        return cls.model_construct(**(values | {"skills": dict(agent.skills)}))


class AgentList(Answer):
    items: list[AgentOut]


class UserOut(Answer):
    """A requester."""

    user_id: str
    name: str
    email: str
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> Self:
        return cls.model_construct(**{name: getattr(user, name) for name in cls.model_fields})


class UserPage(Answer):
    items: list[UserOut]
    cursor: str | None = Field(description="opens the next page; null on the last one")
