"""Own-written one-liners that teach the heads very short tickets, which are common and carry little else."""

from ml.sources import Example

# category | urgency | mood | text
_LINES = """
Technical | high | 4 | CRITICAL: all servers down
Technical | high | 4 | critical server outage, act immediately
Technical | high | 4 | Production database is down
Technical | high | 4 | Server down immediately
Technical | high | 3 | EMERGENCY system outage
Technical | high | 4 | Total outage, all customers affected
Technical | high | 4 | urgent: website offline for everyone
Technical | high | 4 | payments API down in production
Technical | high | 3 | we have been hacked
Technical | high | 4 | ransomware on our file server
Technical | high | 4 | Critical API server crash in production
Technical | high | 4 | All data lost after the update
Technical | high | 4 | nobody in the company can log in
Technical | medium | 4 | cannot log in
Technical | medium | 4 | app crashes on start
Technical | medium | 4 | API error 500
Technical | medium | 4 | password reset not working
Technical | medium | 4 | export fails
Technical | medium | 4 | sync stopped
Technical | medium | 4 | webhook errors since Monday
Technical | low | 5 | Minor UI issue
Technical | low | 5 | small UI glitch
Technical | low | 5 | button misaligned
Technical | low | 5 | typo on the settings page
Technical | low | 5 | icon looks blurry
Technical | low | 6 | outage is over, thanks
Technical | low | 5 | error went away by itself
Billing | low | 5 | invoice copy please
Billing | low | 5 | refund question
Billing | medium | 4 | Refund and billing charge issue
Billing | medium | 3 | charged twice
Billing | medium | 4 | payment failed
Billing | medium | 4 | wrong amount on invoice
Billing | low | 5 | change billing address on invoices
Billing | low | 5 | what does the pro plan cost
Billing | high | 3 | you are charging all our customers twice right now
Billing | high | 3 | payroll payment failed and is due in an hour
Legal | low | 5 | DPA please
Legal | low | 5 | GDPR request
Legal | medium | 5 | delete my personal data
Legal | medium | 3 | my lawyer will be in touch
Legal | high | 4 | court deadline today, documents needed
Legal | high | 3 | personal data of our customers was leaked, 72 hours to report
Legal | medium | 4 | copyright complaint
Legal | low | 5 | question about your terms
Feature Request | low | 6 | dark mode please
Feature Request | low | 5 | feature request
Feature Request | low | 6 | please add export to csv
Feature Request | low | 6 | idea: keyboard shortcuts
Feature Request | low | 6 | would love an app for tablets
Feature Request | medium | 5 | we need a bulk delete before the audit next week
General | low | 5 | hi
General | low | 5 | hello
General | low | 8 | thanks
General | low | 9 | Thank you so much, great service!
General | low | 5 | opening hours?
General | low | 5 | how do I change my name
General | low | 5 | question
General | low | 5 | help
General | low | 5 | test
General | low | 5 | where is my parcel
General | low | 5 | asdf
General | high | 3 | locked out of the flat at night in the cold
General | high | 4 | our event starts in ten minutes and nobody is at the door
"""


def seeds() -> list[Example]:
    """The lines above as examples of the source "seeds"."""
    examples = []
    for line in _LINES.strip().splitlines():
        category, urgency, mood, text = (part.strip() for part in line.split("|", 3))
        high, pressing = float(urgency == "high"), float(urgency != "low")
        examples.append(Example(text, "seeds", category, high, float(mood), pressing))
    return examples
