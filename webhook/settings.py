"""The webhook room's one setting, from the environment or `.env`. Read by entry points only."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class WebhookSettings(BaseSettings):
    """`SLACK_WEBHOOK_URL` is a secret: whoever knows it can post. Not set or blank: alerts are logged instead."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", hide_input_in_errors=True
    )

    slack_webhook_url: SecretStr | None = Field(
        default=None,
        description="Slack's incoming webhook URL (https, or http to this machine). Empty: alerts go to the log.",
    )

    @field_validator("slack_webhook_url")
    @classmethod
    def _blank_is_none(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value().strip():
            return None
        return SecretStr(value.get_secret_value().strip())
