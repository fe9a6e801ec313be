"""SLACK_WEBHOOK_URL from the environment or `.env`."""

from pathlib import Path

import pytest

from webhook.settings import WebhookSettings


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLACK_WEBHOOK_URL", raising=False)


@pytest.mark.parametrize("blank", [None, "", "   "])
def test_blank_means_none(blank: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if blank is not None:
        monkeypatch.setenv("SLACK_WEBHOOK_URL", blank)
    assert WebhookSettings().slack_webhook_url is None


def test_it_is_read_from_the_file_among_other_names_and_not_shown() -> None:
    Path(".env").write_text("REDIS_URL=redis://x\nSLACK_WEBHOOK_URL= https://hooks.slack.com/services/secret \n")
    settings = WebhookSettings()
    assert settings.slack_webhook_url is not None
    assert settings.slack_webhook_url.get_secret_value() == "https://hooks.slack.com/services/secret"
    assert "services" not in repr(settings)
