"""The label sets that the learning curve is drawn on: which rows of the public files, under which labels, described how.

Groups were chosen by the files' own label columns and the description lines written from the labels' names alone, before any
text was read, as somebody who sets CATEGORIES would.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ml.sources import DataMissing


@dataclass(frozen=True, slots=True)
class Label:
    """A label: the values of the file's column that fall under it, and its description lines."""

    values: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """`text`, `column`: names in the file's header."""

    name: str
    file: str
    text: str
    column: str
    labels: Mapping[str, Label]

    @property
    def categories(self) -> dict[str, tuple[str, ...]]:
        """As CATEGORIES takes them."""
        return {name: label.lines for name, label in self.labels.items()}

    def rows(self, folder: Path) -> list[tuple[str, str]]:
        """(text, label), in file order, each text once. Raises DataMissing."""
        path = folder / self.file
        if not path.is_file():
            raise DataMissing(f"{path} is not there: pass the folder with the public files as --data.")
        place = {value: name for name, label in self.labels.items() for value in label.values}
        with path.open(encoding="utf-8", newline="") as file:
            found = {
                row[self.text]: place[row[self.column]] for row in csv.DictReader(file) if row[self.column] in place
            }
        return list(found.items())


# Consumer complaints are told apart by issue: the file is nearly all one product.
COMPLAINTS = Task(
    "complaints",
    "cfpb_complaints.csv",
    "narrative",
    "issue",
    {
        "Fees and interest": Label(
            ("Charged fees or interest you didn't expect",),
            (
                "They charged interest or fees that I did not expect",
                "The interest rate is far higher than I was told",
                "Hidden fees were added to my loan",
                "I have paid more in interest than I ever borrowed",
                "The finance charges were never explained to me",
            ),
        ),
        "Payments": Label(
            (
                "Problem when making payments",
                "Loan payment wasn't credited to your account",
                "Problem with the payoff process at the end of the loan",
            ),
            (
                "My payment was not posted to my account",
                "I cannot make a payment on their website",
                "I paid off the loan and they still say that I owe money",
                "They refuse to give me a payoff amount",
                "Autopay did not work and my payment was reported late",
            ),
        ),
        "Getting a loan": Label(
            (
                "Getting the loan",
                "Getting a line of credit",
                "Was approved for a loan, but didn't receive the money",
            ),
            (
                "My loan application was denied",
                "I was approved but never received the money",
                "They asked for an upfront fee to get the loan",
                "I applied for a line of credit and was turned down without a reason",
                "The lender keeps asking for more documents for my application",
            ),
        ),
        "Credit report": Label(
            (
                "Incorrect information on your report",
                "Incorrect information on credit report",
                "Improper use of your report",
                "Problem with a credit reporting company's investigation into an existing problem",
            ),
            (
                "There is wrong information on my credit report",
                "This account on my credit report is not mine",
                "They made a hard inquiry that I never authorised",
                "I disputed the item with the credit bureaus and it was not removed",
                "My credit score dropped because of a false late payment",
            ),
        ),
        "Struggling to pay": Label(
            ("Struggling to pay your loan", "Vehicle was repossessed or sold the vehicle"),
            (
                "I lost my job and cannot afford the payments",
                "I asked for a payment plan because of hardship and they refused",
                "They repossessed my car after I fell behind",
                "I am ill and unable to keep up with the loan",
                "They will not work with me on a lower payment",
            ),
        ),
    },
)

IT_TICKETS = Task(
    "IT tickets",
    "it_tickets_10k.csv",
    "text",
    "topic",
    {
        "Hardware": Label(
            ("Hardware",),
            (
                "laptop, monitor, phone or printer is broken",
                "device needs a repair or replacement",
                "docking station does not work",
            ),
        ),
        "HR Support": Label(
            ("HR Support",),
            (
                "question about leave, payroll or benefits",
                "new employee starts or leaves",
                "change of department or manager in the HR system",
            ),
        ),
        "Access": Label(
            ("Access",),
            ("please grant access to a system", "my account is locked", "password reset", "access card for a visitor"),
        ),
        "Miscellaneous": Label(
            ("Miscellaneous",),
            (
                "general question to the service desk",
                "follow-up on an earlier message",
                "something that fits no other group",
            ),
        ),
        "Storage": Label(
            ("Storage",),
            ("mailbox is full", "more disk space on the shared drive", "restore a file from backup"),
        ),
        "Purchase": Label(
            ("Purchase",),
            ("purchase order", "please order new equipment", "approve the invoice of a supplier"),
        ),
        "Internal Project": Label(
            ("Internal Project",),
            ("please set up a new project", "change of a project code or its members", "project plan and milestones"),
        ),
        "Administrative rights": Label(
            ("Administrative rights",),
            (
                "please install this software for me",
                "local administrator rights on my computer",
                "upgrade of an application",
            ),
        ),
    },
)

BANKING = Task(
    "banking",
    "banking77_train.csv",
    "text",
    "category",
    {
        "Card arrival": Label(
            ("card_arrival", "card_delivery_estimate"), ("When will my new card arrive?", "My card has not come yet")
        ),
        "Lost or stolen card": Label(
            ("lost_or_stolen_card", "compromised_card"), ("I lost my card", "My card was stolen, please block it")
        ),
        "PIN": Label(("change_pin", "pin_blocked"), ("How do I change my PIN?", "My PIN is blocked")),
        "Exchange rate": Label(
            ("exchange_rate", "card_payment_wrong_exchange_rate", "wrong_exchange_rate_for_cash_withdrawal"),
            ("What exchange rate do you use?", "The exchange rate applied was wrong"),
        ),
        "Fees": Label(
            ("transfer_fee_charged", "cash_withdrawal_charge", "card_payment_fee_charged", "extra_charge_on_statement"),
            ("Why was I charged a fee?", "There is a charge for the transfer that I did not expect"),
        ),
        "Refund": Label(
            ("Refund_not_showing_up", "request_refund"), ("I want my money back", "My refund has not shown up")
        ),
        "Top-up": Label(
            ("top_up_failed", "pending_top_up", "top_up_reverted"), ("My top-up failed", "The top-up is still pending")
        ),
        "Identity check": Label(
            ("verify_my_identity", "unable_to_verify_identity", "why_verify_identity"),
            ("How do I verify my identity?", "I cannot get verified"),
        ),
        "Transfers": Label(
            ("pending_transfer", "failed_transfer", "transfer_not_received_by_recipient", "declined_transfer"),
            ("My transfer has not arrived", "The transfer was declined"),
        ),
        "Closing an account": Label(("terminate_account",), ("I want to close my account", "Please delete my profile")),
    },
)

ASSISTANT = Task(
    "assistant",
    "clinc150.csv",
    "text",
    "intent",
    {
        "Banking": Label(
            ("balance", "transactions", "transfer", "bill_due", "pay_bill", "spending_history"),
            ("How much money is in my account?", "Transfer money", "When is my bill due?"),
        ),
        "Cards": Label(
            (
                "report_lost_card",
                "damaged_card",
                "credit_limit",
                "replacement_card_duration",
                "card_declined",
                "new_card",
            ),
            ("My credit card was lost", "Raise my credit limit", "My card was declined"),
        ),
        "Travel": Label(
            ("book_flight", "book_hotel", "lost_luggage", "flight_status", "travel_alert", "car_rental"),
            ("Book a flight or a hotel", "Where is my luggage?", "Is my flight on time?"),
        ),
        "Car": Label(
            ("tire_change", "oil_change_when", "gas", "jump_start", "schedule_maintenance", "tire_pressure"),
            ("My car needs maintenance", "How do I change a tire?", "When is the next oil change?"),
        ),
        "Work": Label(
            ("pto_request", "pto_balance", "payday", "direct_deposit", "insurance", "w2"),
            ("How many vacation days do I have?", "When do I get paid?", "Health insurance from my employer"),
        ),
        "Kitchen": Label(
            ("recipe", "calories", "cook_time", "restaurant_reviews", "meal_suggestion", "ingredient_substitution"),
            ("How do I cook this?", "Suggest something to eat", "How many calories are in it?"),
        ),
        "Home": Label(
            ("smart_home", "order_status", "shopping_list", "todo_list", "order", "play_music"),
            ("Turn off the lights", "Add it to my list", "Where is my order?"),
        ),
        "Calendar": Label(
            ("calendar", "meeting_schedule", "reminder", "alarm", "timer", "schedule_meeting"),
            ("What is on my calendar?", "Schedule a meeting", "Set an alarm"),
        ),
    },
)

TASKS = (COMPLAINTS, IT_TICKETS, BANKING, ASSISTANT)
