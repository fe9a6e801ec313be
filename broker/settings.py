"""What the broker reads from the environment and `.env`. Read by entry points only."""

import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from broker.records import Agent

DEFAULT_AGENTS = (
    '{"Agent1": {"skills": {"Technical": 0.9, "Billing": 0.1}, "capacity": 5},'
    ' "Agent2": {"skills": {"Billing": 0.8, "Legal": 0.2, "Technical": 0.2}, "capacity": 4}}'
)


class _AgentSpec(BaseModel):
    model_config = ConfigDict(extra="forbid")

    skills: dict[str, Annotated[float, Field(ge=0, le=1)]]
    capacity: Annotated[int, Field(ge=1, le=1000)]


class BrokerSettings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore")

    redis_url: str = Field(
        default="", description="see broker/topology.py for its forms; empty: `scripts.start` runs its own"
    )
    min_replicas: int = Field(default=0, ge=0, le=10)
    namespace: str = Field(default="smart-support", pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    max_backlog: int = Field(default=100_000, ge=1)
    agents: Annotated[dict[str, _AgentSpec], NoDecode] = Field(default=DEFAULT_AGENTS, validate_default=True)
    flood_window_seconds: float = Field(default=300, gt=0)
    flood_threshold: int = Field(default=10, ge=1)
    claim_lease_seconds: float = Field(default=900, gt=0)
    processing_lease_seconds: float = Field(default=30, ge=1)
    max_attempts: int = Field(default=5, ge=1)
    retention_days: float = Field(default=30, gt=0)

    @field_validator("agents", mode="before")
    @classmethod
    def _parse_agents(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value.strip() else {}
        except json.JSONDecodeError as error:
            raise ValueError(
                f'not JSON ({error}); expected {{"Ann": {{"skills": {{"Billing": 0.9}}, "capacity": 5}}}}'
            ) from error

    def agent_list(self) -> list[Agent]:
        return [Agent(name, spec.skills, spec.capacity) for name, spec in self.agents.items()]
