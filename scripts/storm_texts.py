"""What the tickets of a storm are about. Each profile is a function of the ticket's number; the same seed tells the same stories."""

import random
from collections.abc import Callable

from scripts.fault_load import WORDS

Fields = dict[str, object]
Texts = Callable[[int], Fields]

# Tickets until a flood is about another product, so that several incidents grow one after the other.
FLOOD_LENGTH = 400
# Of tickets in a flood; the others are people with their own matters, who must still get through.
FLOOD_SHARE = 0.9
# Of those who complain of it, who send on the very words of somebody else.
COPIED_SHARE = 0.3
# Characters of a mixed ticket's body, drawn evenly on a logarithmic scale: a word, a mail, a pasted log.
SIZES = (1, 40_000)

WHO = ("I", "We", "Our whole team", "My colleagues and I", "Nobody here", "Everybody in our office")
CANNOT = (
    "cannot log in to",
    "are locked out of",
    "get an error when opening",
    "see only a blank page in",
    "lost access to",
)
SINCE = ("since this morning", "for an hour now", "since the last update", "again today", "since 9 o'clock")
CLOSING = ("Please help.", "Any news?", "This blocks our work.", "Is it known?", "Thanks for looking into it.")
PRODUCTS = ("the customer portal", "the payment page", "the mobile app", "the reporting server", "the mail gateway")

# The same complaint and more of it, in languages and scripts that tickets come in; right to left and astral characters included.
LANGUAGES = {
    "en": "The invoice of last month was charged twice, please refund one of the payments.",
    "de": "Die Rechnung vom letzten Monat wurde doppelt abgebucht, bitte erstatten Sie eine Zahlung zurück.",
    "fr": "La facture du mois dernier a été débitée deux fois, merci de rembourser l'un des paiements.",
    "es": "La factura del mes pasado se cobró dos veces, por favor devuelvan uno de los pagos.",
    "pt": "A fatura do mês passado foi cobrada duas vezes, por favor devolvam um dos pagamentos.",
    "pl": "Faktura za zeszły miesiąc została pobrana dwa razy, proszę o zwrot jednej z płatności.",
    "ru": "Счёт за прошлый месяц списали дважды, верните, пожалуйста, один из платежей.",
    "ar": "تم خصم فاتورة الشهر الماضي مرتين، يرجى إعادة إحدى الدفعتين.",
    "he": "החשבונית של החודש שעבר חויבה פעמיים, אנא החזירו אחד מהתשלומים.",
    "hi": "पिछले महीने का बिल दो बार लिया गया, कृपया एक भुगतान वापस करें।",
    "zh": "上个月的账单被扣了两次，请退还其中一笔付款。",
    "ja": "先月の請求が二重に引き落とされました。片方を返金してください。",
    "ko": "지난달 청구서가 두 번 결제되었습니다. 한 건을 환불해 주세요.",
    "emoji": "😡😡 charged twice 💳💳 refund pls 🙏🏽",
}


def steady(rng: random.Random) -> Texts:
    """Everybody has a matter of their own, of ordinary length."""

    def text(number: int) -> Fields:
        words = rng.sample(WORDS, 30)
        body = f"We have a question about the {words[0]} of our {words[1]}. " + " ".join(words[8:]) + "."
        return {"subject": f"Question {number}: " + " ".join(words[2:8]), "body": body, "requester": requester(number)}

    return text


def flood(rng: random.Random) -> Texts:
    """Nearly everybody complains of the same outage in their own words; they must fold into incidents."""
    others = steady(rng)

    def text(number: int) -> Fields:
        if rng.random() >= FLOOD_SHARE:
            return others(number)
        product = PRODUCTS[number // FLOOD_LENGTH % len(PRODUCTS)]
        if rng.random() < COPIED_SHARE:
            return {"subject": f"Outage of {product}", "body": f"Nobody can use {product} {SINCE[0]}. {CLOSING[0]}"}
        complaint = f"{rng.choice(WHO)} {rng.choice(CANNOT)} {product} {rng.choice(SINCE)}."
        return {"subject": complaint, "body": rng.choice(CLOSING), "requester": requester(number)}

    return text


def mixed(rng: random.Random) -> Texts:
    """Any language, any size, any of the three text fields, metadata or none."""
    languages = tuple(LANGUAGES)

    def text(number: int) -> Fields:
        language = rng.choice(languages)
        size = int(SIZES[0] * (SIZES[1] / SIZES[0]) ** rng.random())
        own = " ".join(rng.sample(WORDS, 5))
        long = f"{number} {own} {LANGUAGES[language]}\n"
        fields: Fields = {
            "subject": f"{LANGUAGES[language][:60]} {number}",
            rng.choice(("body", "description")): (long * (size // len(long) + 1))[:size],
        }
        if rng.random() < 0.5:
            fields["requester"] = requester(number)
        if rng.random() < 0.5:
            fields["metadata"] = {"language": language, "number": number, "tags": ["storm", own]}
        return fields

    return text


def requester(number: int) -> str:
    """A few thousand people."""
    return f"person{number % 4999}@example.com"


PROFILES: dict[str, Callable[[random.Random], Texts]] = {
    "steady": steady,
    "spike": steady,
    "flood": flood,
    "mixed": mixed,
    "hostile": steady,
}
