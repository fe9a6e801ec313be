"""The webhook's URL: what is allowed, and how it stays out of the logs."""

import ipaddress
import logging

import httpx

# The HTTP client writes every request's full URL at INFO, its transport every header (a Location among them) at DEBUG.
_TALKATIVE_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy")


class InvalidWebhookUrl(ValueError):
    """Says what is wrong with the URL without repeating it."""


def webhook_url(url: str) -> httpx.URL:
    """The URL, if it is https, or http to this machine. Raises InvalidWebhookUrl otherwise."""
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, ValueError):
        # `from None`: the cause quotes the URL.
        raise InvalidWebhookUrl("SLACK_WEBHOOK_URL is not a URL: copy it again from Slack's app settings") from None
    if parsed.userinfo:
        raise InvalidWebhookUrl("SLACK_WEBHOOK_URL must not hold a user name or password")
    if not parsed.host:
        raise InvalidWebhookUrl(
            "SLACK_WEBHOOK_URL names no host: it looks like https://hooks.slack.com/services/T.../B.../..."
        )
    if parsed.scheme == "https" or (parsed.scheme == "http" and _is_this_machine(parsed.host)):
        return parsed
    raise InvalidWebhookUrl("SLACK_WEBHOOK_URL must begin with https:// (http:// is allowed to this machine only)")


def hide_from_logs(url: httpx.URL) -> None:
    """From now on the HTTP client's loggers write [url] in its place, at every level."""
    _hider.secrets.update(secret for secret in (str(url), url.raw_path.decode("ascii"), url.path) if len(secret) > 1)
    for name in _TALKATIVE_LOGGERS:
        logging.getLogger(name).addFilter(_hider)  # adding the same filter again changes nothing


class _UrlHider(logging.Filter):
    def __init__(self) -> None:
        super().__init__()
        self.secrets: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if any(secret in message for secret in self.secrets):
            for secret in sorted(self.secrets, key=len, reverse=True):
                message = message.replace(secret, "[url]")
            record.msg, record.args = message, ()
        return True


_hider = _UrlHider()


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
