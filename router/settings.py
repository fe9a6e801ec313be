"""The router's environment. Only `python -m router` reads it."""

import re
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from router.config import DEFAULT_MAX_BODY_BYTES, RouterConfig

_RATE = re.compile(r"(\d{1,9})\s*/\s*minute")
# A header can't hold more than visible ASCII, so a key that does could never be sent.
_VISIBLE = re.compile(r"[!-~]+")


class RouterSettings(BaseSettings):
    """Names are the environment's; `.env` in the working directory is read as well."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="TCP port to listen on; 0 takes a free one")
    api_shared_port: bool = Field(
        default=False, description="several API processes that all say so listen on the same port"
    )
    api_keys: str = Field(default="", description="comma list of keys that may call; empty lets everybody in")
    rate_limit: str = Field(default="0", description="'N/minute' for each key or client address; '0' is off")
    max_body_bytes: int = Field(
        default=DEFAULT_MAX_BODY_BYTES,
        ge=1024,
        le=16 * 1024 * 1024,
        description="bytes; a larger request body is refused",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severe level logged"
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("rate_limit")
    @classmethod
    def _rate(cls, value: str) -> str:
        if value.strip() != "0" and not _RATE.fullmatch(value.strip()):
            raise ValueError("must be 'N/minute', such as 600/minute, or 0 for no limit")
        return value.strip()

    @field_validator("api_keys")
    @classmethod
    def _keys(cls, value: str) -> str:
        for position, key in enumerate(_split(value), start=1):
            if not _VISIBLE.fullmatch(key):  # the key itself must not end up in an error message
                raise ValueError(f"key number {position} holds something other than visible ASCII")
        return value

    def config(self) -> RouterConfig:
        rate = _RATE.fullmatch(self.rate_limit)
        return RouterConfig(
            api_keys=tuple(_split(self.api_keys)),
            rate_per_minute=int(rate[1]) if rate else 0,
            max_body_bytes=self.max_body_bytes,
        )


def _split(value: str) -> list[str]:
    return [key.strip() for key in value.split(",") if key.strip()]
