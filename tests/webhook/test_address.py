"""Which webhook URLs are allowed, and that refusing one does not repeat it."""

import pytest

from webhook.address import InvalidWebhookUrl, webhook_url

SECRET = "T0/B0/verysecret"


@pytest.mark.parametrize(
    "url",
    [
        f"https://hooks.slack.com/services/{SECRET}",
        f"  https://hooks.slack.com/services/{SECRET}\n",
        f"http://localhost:8080/{SECRET}",
        f"http://127.0.0.9/{SECRET}",
        f"http://[::1]:9/{SECRET}",
    ],
)
def test_allowed(url: str) -> None:
    assert webhook_url(url).path.endswith(SECRET)


@pytest.mark.parametrize(
    "url",
    [
        f"http://hooks.slack.com/services/{SECRET}",
        f"http://localhost.evil.example/{SECRET}",
        f"http://10.0.0.1/{SECRET}",
        f"ftp://hooks.slack.com/{SECRET}",
        f"file:///{SECRET}",
        f"hooks.slack.com/services/{SECRET}",
        f"https:///{SECRET}",
        f"https://user:pass@hooks.slack.com/{SECRET}",
        f"https://hooks.slack.com:port/{SECRET}",
        f"https://hooks.slack.com/\x00{SECRET}",
        f"https://hooks.slack.com/\ud800{SECRET}",
        f"http://[::1/{SECRET}",
        "",
    ],
)
def test_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidWebhookUrl, match="SLACK_WEBHOOK_URL") as refusal:
        webhook_url(url)
    error: BaseException | None = refusal.value
    while error is not None:
        assert "verysecret" not in str(error)
        error = None if error.__suppress_context__ and error.__cause__ is None else error.__cause__ or error.__context__
