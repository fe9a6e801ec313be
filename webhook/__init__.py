"""What a Slack message says, and how it is sent. Knows no Redis and no tickets: alerts come in as plain values."""

from webhook.address import InvalidWebhookUrl
from webhook.alerts import Alert
from webhook.delivery import Delivered, Delivery, Refused, RetryLater, Sender
from webhook.message import digest_message, incident_message, ticket_message
from webhook.retry import backoff_s
from webhook.sender import LogSender, SlackSender

__all__ = [
    "Alert",
    "Delivered",
    "Delivery",
    "InvalidWebhookUrl",
    "LogSender",
    "Refused",
    "RetryLater",
    "Sender",
    "SlackSender",
    "backoff_s",
    "digest_message",
    "incident_message",
    "ticket_message",
]
