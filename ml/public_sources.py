"""The public files the heads learn from, and which of their labels stand for which of ours.

None of them is in the repository; a folder with them is an argument of the training and measuring commands.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from ml.scores import ELSEWHERE
from ml.sources import DataMissing, Example

# Some narratives run to 30 kB; the csv module's own limit is 128 kB, this states ours.
MAX_FIELD_CHARS = 1_000_000


def public(folder: Path) -> list[Example]:
    """Every example of the six public files in `folder`, in file order. Raises DataMissing."""
    readers = {
        "banking77_train.csv": _banking,
        "cfpb_complaints.csv": _complaints,
        "clinc150.csv": _assistants,
        "hadoop_bugs.csv": _bugs,
        "it_tickets_10k.csv": _it_tickets,
        "vader_ratings.csv": _ratings,
    }
    missing = [name for name in readers if not (folder / name).is_file()]
    if missing:
        raise DataMissing(f"No training data at {folder}: {', '.join(missing)} not found. Pass its folder as --data.")
    return [example for name, reader in readers.items() for example in reader(_rows(folder / name))]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    csv.field_size_limit(MAX_FIELD_CHARS)
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


_BANKING_TECHNICAL_LINES = """
    apple_pay_or_google_pay card_not_working contactless_not_working virtual_card_not_working pin_blocked
    passcode_forgotten top_up_failed failed_transfer declined_card_payment compromised_card
"""
_BANKING_TECHNICAL = frozenset(_BANKING_TECHNICAL_LINES.split())
_BANKING_GENERAL_LINES = """
    activate_my_card age_limit card_about_to_expire card_arrival card_delivery_estimate change_pin country_support
    edit_personal_details get_disposable_virtual_card get_physical_card getting_spare_card getting_virtual_card
    order_physical_card terminate_account verify_my_identity why_verify_identity card_linking atm_support
    unable_to_verify_identity disposable_card_limits visa_or_mastercard card_acceptance
    supported_cards_and_currencies fiat_currency_support
"""
_BANKING_GENERAL = frozenset(_BANKING_GENERAL_LINES.split())
# Neither a matter of money nor of a fault, or of both at once: left out.
_BANKING_UNCLEAR_LINES = """
    lost_or_stolen_card lost_or_stolen_phone card_swallowed beneficiary_not_allowed verify_source_of_funds
    verify_top_up transfer_timing receiving_money declined_cash_withdrawal declined_transfer
"""
_BANKING_UNCLEAR = frozenset(_BANKING_UNCLEAR_LINES.split())


def _banking(rows: Iterator[dict[str, str]]) -> Iterator[Example]:
    for row in rows:
        intent = row["category"]
        if intent in _BANKING_UNCLEAR:
            continue
        technical, general = intent in _BANKING_TECHNICAL, intent in _BANKING_GENERAL
        label = "Technical" if technical else "General" if general else "Billing"
        yield Example(row["text"], "banking77", category=label, urgent=0.0 if general else None)


_COMPLAINT_LABELS = {
    "Billing": (
        "Charged fees or interest",
        "Problem when making payments",
        "Loan payment wasn't credited",
        "Can't stop withdrawals",
        "Money was taken",
        "Problem with the payoff process",
    ),
    "Legal": (
        "Incorrect information on",
        "Improper use of",
        "Received a loan you didn't apply for",
        "Problem with a credit reporting company's investigation",
        "Credit monitoring or identity theft",
        "False statements",
        "Attempts to collect",
        "Cont'd attempts",
        "Communication tactics",
        "Took or threatened",
    ),
}


def _complaints(rows: Iterator[dict[str, str]]) -> Iterator[Example]:
    for row in rows:
        for label, starts in _COMPLAINT_LABELS.items():
            if row["issue"].startswith(starts):
                yield Example(row["narrative"], "cfpb", category=label)


_ASSISTANT_GENERAL_LINES = """
    thank_you greeting order_status change_user_name what_can_i_ask_you order
"""
_ASSISTANT_GENERAL = frozenset(_ASSISTANT_GENERAL_LINES.split())
_ASSISTANT_BILLING_LINES = """
    bill_balance bill_due pay_bill international_fees interest_rate min_payment apr
"""
_ASSISTANT_BILLING = frozenset(_ASSISTANT_BILLING_LINES.split())
# Banking and account intents a support desk could get under several labels.
_ASSISTANT_UNCLEAR_LINES = """
    report_fraud account_blocked card_declined freeze_account report_lost_card damaged_card transactions balance
    transfer new_card replacement_card_duration credit_limit credit_limit_change direct_deposit pin_change
    sync_device reset_settings spending_history redeem_rewards rewards_balance exchange_rate order_checks routing
    taxes w2 application_status lost_luggage flight_status cancel
"""
_ASSISTANT_UNCLEAR = frozenset(_ASSISTANT_UNCLEAR_LINES.split())


def _assistants(rows: Iterator[dict[str, str]]) -> Iterator[Example]:
    for row in rows:
        intent = row["intent"]
        if intent in _ASSISTANT_UNCLEAR:
            continue
        general, billing = intent in _ASSISTANT_GENERAL, intent in _ASSISTANT_BILLING
        label = "General" if general else "Billing" if billing else ELSEWHERE
        yield Example(row["text"], "clinc150", category=label, urgent=0.0)


# Titles that ask for something new: not faults, so not Technical by our guide.
_WISHES = ("add ", "support ", "improve ", "update ", "upgrade ", "allow ", "implement ", "introduce ", "provide ")
_PRIORITY_URGENT = {"Blocker": 0.6, "Critical": 0.5, "Minor": 0.0, "Trivial": 0.0}


def _bugs(rows: Iterator[dict[str, str]]) -> Iterator[Example]:
    for row in rows:
        label = None if row["summary"].lower().startswith(_WISHES) else "Technical"
        text = f"{row['summary']}\n{row['description']}"
        yield Example(text, "hadoop", category=label, urgent=_PRIORITY_URGENT.get(row["priority"]))


def _it_tickets(rows: Iterator[dict[str, str]]) -> Iterator[Example]:
    for row in rows:
        # The other topics (access, HR, purchase, storage) cut across our labels.
        if row["topic"] == "Hardware":
            yield Example(row["text"], "it_tickets", category="Technical")


# Means of twenty raters seldom pass 3.2 either way; that is the end of our scale.
_RATING_SPAN = 3.2


def _ratings(rows: Iterator[dict[str, str]]) -> Iterator[Example]:
    for row in rows:
        score = float(row["score"])
        mood = 5.0 + score / _RATING_SPAN * (5.0 if score > 0 else 4.0)
        yield Example(row["text"], "vader", urgent=0.0, mood=min(10.0, max(1.0, mood)), slices=(row["source"],))
