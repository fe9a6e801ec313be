"""Sends one clearly marked test message to Slack, and says in words what Slack answered and what to do about it.

    python -m scripts.slack_check [--url URL] [--dry-run]

The URL comes from SLACK_WEBHOOK_URL (environment or `.env`) unless given, and is never printed. Exit code 0: delivered;
1: Slack did not take it; 2: nothing was sent, because the URL is missing or wrong, or the options are.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from webhook import Alert, Delivered, Delivery, InvalidWebhookUrl, Refused, ticket_message
from webhook.opening import open_sender
from webhook.settings import WebhookSettings

OK, NOT_DELIVERED, WRONG_USE = 0, 1, 2

# Slack's plain-text errors, as its documentation of incoming webhooks lists them, and the way out of each.
ADVICE = {
    "no_service": "The webhook was deleted or disabled. Make a new one in the Slack app's settings and set its URL.",
    "no_active_hooks": "The webhook is disabled. Enable it, or make a new one in the Slack app's settings.",
    "invalid_token": "The URL's last part is wrong. Copy the URL again, whole, from the Slack app's settings.",
    "no_team": "The URL names a workspace that does not exist. Copy it again from the Slack app's settings.",
    "team_disabled": "The Slack workspace is disabled. Ask its owner, or use a webhook of another workspace.",
    "channel_not_found": "The webhook's channel was deleted. Make a new webhook for a channel that exists.",
    "channel_is_archived": "The webhook's channel is archived. Unarchive it, or make a webhook for another channel.",
    "user_not_found": "The person the webhook posts to is gone. Make a new webhook for a channel.",
    "action_prohibited": "A workspace admin forbids this app to post there. Ask the admin to allow it.",
    "posting_to_general_channel_denied": "Posting to #general is restricted. Use another channel, or ask an admin.",
    "invalid_payload": "Slack could not read the message. Check that the URL is an incoming webhook's.",
    "invalid_blocks": "Slack refused the message's layout and its plain text too. Please report this as a bug.",
    "no_text": "Slack found no text in the message. Please report this as a bug.",
    "too_many_attachments": "Slack refused the message's size. Please report this as a bug.",
    "redirect": "The URL leads elsewhere. Copy the URL again: Slack's own is https://hooks.slack.com/services/...",
    "HTTP 429": "Too many messages at the moment. Wait for the time named, then try again.",
    "HTTP 404": "Nothing is at this URL. Copy it again, whole, from the Slack app's settings.",
    "HTTP 403": "Slack forbids this. Make a new webhook, or ask a workspace admin.",
    "HTTP 410": "The channel or the webhook is gone. Make a new webhook.",
    "HTTP 5": "Slack itself has trouble (https://slack-status.com). Alerts wait and are sent when it is back.",
    "not from Slack": "Something between here and Slack answered: a proxy or a log-in page. Check the network's way out.",
    "no answer": "Nothing came back in time. Check the network, the firewall and https://slack-status.com.",
    "connection failed": "No connection. Check the network, the host name in the URL, the proxy and the firewall.",
}
OTHERWISE = "Check the URL, then Slack's documentation of incoming webhooks for this answer."


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(sys.argv[1:] if arguments is None else arguments)
    message = ticket_message(_test_alert(datetime.now(UTC)))
    if options.dry_run:
        print(json.dumps(message, indent=2, ensure_ascii=False))
        return OK
    url = options.url or _configured_url()
    if url is None:
        print("SLACK_WEBHOOK_URL is not set: alerts go to the log. Set it in .env, or give --url.", file=sys.stderr)
        return WRONG_USE
    try:
        delivery = asyncio.run(_send(url, message))
    except InvalidWebhookUrl as error:
        print(f"Nothing was sent. {error}.", file=sys.stderr)
        return WRONG_USE
    print(report(delivery))
    return OK if isinstance(delivery, Delivered) else NOT_DELIVERED


def report(delivery: Delivery) -> str:
    """What happened and what to do, in two sentences."""
    match delivery:
        case Delivered(plain_text=False):
            return "Slack took the test message: look for it in the channel."
        case Delivered():
            return "Slack took the test message as plain text and refused its layout. Please report this as a bug."
        case Refused(reason):
            return f"Slack refused the test message ({reason}). {_advice(reason)}"
        case _:
            wait = f"Trying again makes sense in {delivery.after_s:.0f} s."
            return f"Slack did not take the test message ({delivery.reason}). {_advice(delivery.reason)} {wait}"


def _advice(reason: str) -> str:
    return next((advice for sign, advice in ADVICE.items() if sign in reason), OTHERWISE)


def _configured_url() -> str | None:
    url = WebhookSettings().slack_webhook_url
    return url.get_secret_value() if url else None


async def _send(url: str, message: dict[str, object]) -> Delivery:
    # The way the worker goes, so that what works here works there.
    async with open_sender(url) as sender:
        return await sender.send(message)


def _test_alert(now: datetime) -> Alert:
    return Alert(
        alert_id="slack-check",
        kind="ticket",
        ticket_id="slack-check",
        subject="TEST, nothing to do: this is how an urgent ticket will look",
        excerpt="Sent by scripts.slack_check. No customer wrote this, and there is no such ticket.",
        category="Technical",
        urgency_score=0.93,
        urgency_label="high",
        sentiment_score=5.0,
        reasons=["Somebody runs the check of the Slack connection"],
        assigned_agent="Agent1",
        engine="stub",
        created_at=now.isoformat(timespec="seconds"),
    )


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.slack_check", allow_abbrev=False, description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--url", help="the webhook to try, instead of SLACK_WEBHOOK_URL")
    parser.add_argument("--dry-run", action="store_true", help="print the message as JSON and send nothing")
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        # Not repeated: somebody who forgot --url has put the secret there.
        parser.error("only --url URL and --dry-run are understood")
    return options


if __name__ == "__main__":
    sys.exit(main())
