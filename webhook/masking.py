"""Card numbers, IBANs, e-mail addresses and phone numbers out of a text. Pure.

Where a number could be either, hiding it wins for cards (a leaked card is worse than a hidden order number) and showing
it wins for phones (ten bare digits are an order number as often as a phone). Expects text whose invisible characters
are gone (`escape.clean`).
"""

import re
from collections.abc import Callable

CARD, IBAN, EMAIL, PHONE = "[card]", "[iban]", "[email]", "[phone]"

CARD_DIGITS = range(13, 20)  # ISO/IEC 7812: payment cards in use have 13 to 19 digits
PHONE_DIGITS = range(7, 16)  # E.164: 15 at most; local numbers from 7

# The separators people type inside numbers: blanks of all widths, hyphens and dashes, dots, underscores.
_SEPARATOR = r"[ \t\u00a0\u2000-\u200a\u202f\u3000\u2010-\u2015\u2212\-._]"
_DIGIT_GROUPS = re.compile(rf"\d+(?:{_SEPARATOR}{{1,3}}\d+)*")
_DIGITS = re.compile(r"\d+")
# Payment networks by leading digits: 3 Amex, Diners, JCB; 4 Visa; 5 Mastercard, Maestro; 6 Discover, UnionPay, Maestro;
# 22-27 Mir, Mastercard; 81, 82 RuPay. A time stamp (1 or 20 in front) is none of them, though one in ten passes Luhn.
_CARD_PREFIX = re.compile(r"[3-6]|2[2-7]|8[12]")

# The look-behind lets a run of characters be tried once, from its start: a long text without an @ costs linear time.
_EMAIL = re.compile(r"(?<![\w.+%'!#$&*?^{|}~-])[\w.+%'!#$&*?^{|}~-]+[@＠][\w-]+(?:\.[\w-]+)+")
# How long an IBAN is in each country (the registry of ISO 13616): tells where it ends when capital words follow it.
_IBAN_REGISTRY = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 "
    "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 "
    "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 "
    "PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 "
    "YE30"
)
_IBAN_CHARS = {entry[:2]: int(entry[2:]) for entry in _IBAN_REGISTRY.split()}
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){11,30}(?![A-Za-z0-9])", re.IGNORECASE | re.ASCII)

# Shapes that numbers are not looked for in. Dates are left out for phones alone: a card may be written so that it begins
# like one (4-1-00 000...), and hiding that date too is no loss.
_UUID = re.compile(
    r"(?<![0-9A-Z])[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}(?![0-9A-Z])", re.IGNORECASE | re.ASCII
)
_DATE = re.compile(
    r"(?<!\d)(?<!\d[-./])(?:19|20)\d\d([-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?!\1?\d)"
    r"|(?<!\d)(?<!\d[-./])(?:0?[1-9]|[12]\d|3[01])([-./])(?:0?[1-9]|[12]\d|3[01])\2(?:(?:19|20)\d\d|\d\d)(?!\2?\d)",
    re.ASCII,
)
_PHONE_GAP = r"[ \u00a0\u2010-\u2015\-./]"
_PHONES = (
    # +49 30 1234567, 0049 30 1234567, +1 (555) 010-9999
    re.compile(rf"(?<![\w.])(?:\+|00(?=[1-9]))\d(?:{_PHONE_GAP}{{0,2}}(?:\(\d{{1,5}}\)|\d)){{7,14}}(?!\d)"),
    # (555) 010-9999, 1-800-555-0199, 555.010.9999
    re.compile(r"(?<![\w.-])(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])\d{3}[ .-]\d{4}(?![\w-])"),
    # 020 7946 0958, 0171/1234567, 01 23 45 67 89: a trunk zero and at least one gap
    re.compile(rf"(?<![\w.-])\(?0(?=[\d() ./-]{{8}})\d{{1,4}}\)?(?:{_PHONE_GAP}\d{{2,8}}){{1,5}}(?![\w-])"),
    # "call me on 5550109999": ten bare digits are a phone only when the words say so
    re.compile(
        r"(?<=\b)(?P<words>(?:tele)?(?:phone|tel|mobile|cell|call|ring|whatsapp|fax|sms|text me)\b[ .:#]{0,3}"
        r"(?:(?:me|us|back|at|on|is|number|no\.?|nr\.?)[ .:#]{1,2}){0,4})"
        r"(?P<number>\d(?:[ .-]?\d){6,14})(?!\d)",
        re.IGNORECASE,
    ),
)
_TRUNK_PHONE_DIGITS = range(9, 13)  # national numbers with their zero; shorter ones are dates and part numbers
_UNBROKEN_INTERNATIONAL_DIGITS = 12  # "00", one to three for the country, and at least seven


def mask(text: str) -> str:
    """The text with each such number or address replaced by its kind in brackets; everything else as it was."""
    return _outside(_UUID, _mask_numbers, _EMAIL.sub(EMAIL, text))


def is_card(digits: str) -> bool:
    """13 to 19 digits that begin like a payment network's and satisfy Luhn's check (ISO/IEC 7812-1, annex B)."""
    if len(digits) not in CARD_DIGITS:
        return False
    values = [int(digit) for digit in digits]  # int() reads the digits of any script
    if not _CARD_PREFIX.match("".join(map(str, values))):
        return False
    doubled = (sum(divmod(2 * value, 10)) for value in values[-2::-2])
    return (sum(values[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(compact: str) -> bool:
    """Of its country's length, with check digits that hold (ISO 7064, MOD 97-10). Letters and digits without gaps."""
    if len(compact) != _IBAN_CHARS.get(compact[:2].upper()):
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


def _outside(protected: re.Pattern[str], change: Callable[[str], str], text: str) -> str:
    """`change` applied to what lies between the places that `protected` finds."""
    changed: list[str] = []
    end = 0
    for match in protected.finditer(text):
        changed += [change(text[end : match.start()]), match[0]]
        end = match.end()
    return "".join(changed) + change(text[end:])


def _mask_numbers(text: str) -> str:
    text = _IBAN.sub(_mask_iban, text)
    text = _DIGIT_GROUPS.sub(_mask_cards, text)
    return _outside(_DATE, _mask_phones, text)


def _mask_phones(text: str) -> str:
    international, american, trunk, announced = _PHONES
    text = international.sub(_mask_international, text)
    text = american.sub(PHONE, text)
    text = trunk.sub(lambda match: PHONE if _digit_count(match[0]) in _TRUNK_PHONE_DIGITS else match[0], text)
    return announced.sub(lambda match: match["words"] + PHONE, text)


def _mask_international(match: re.Match[str]) -> str:
    """Two zeros and an unbroken run is a padded order number, unless long enough for prefix, country and subscriber."""
    padded = match[0].isdigit() and len(match[0]) < _UNBROKEN_INTERNATIONAL_DIGITS
    return match[0] if padded else PHONE


def _mask_cards(chain: re.Match[str]) -> str:
    """Tries every run of neighbouring groups: "12 4111 1111 1111 1111 30" hides a card between other numbers.

    Where two such runs overlap, both go: which one is the card can't be known.
    """
    whole = chain[0]
    groups = [(match.start(), match.end()) for match in _DIGITS.finditer(whole)]
    masked: list[str] = []
    copied = 0
    for first, (start, _) in enumerate(groups):
        last = _last_group_of_card(whole, groups, first)
        if last is None:
            continue
        if start >= copied:
            masked += [whole[copied:start], CARD]
        copied = max(copied, groups[last][1])
    return "".join(masked) + whole[copied:]


def _last_group_of_card(whole: str, groups: list[tuple[int, int]], first: int) -> int | None:
    digits = ""
    found = None
    for last in range(first, len(groups)):
        start, end = groups[last]
        digits += whole[start:end]
        if len(digits) >= CARD_DIGITS.stop:
            break
        if is_card(digits):
            found = last  # the longest wins: a security code written behind the card is no harm to hide
    return found


def _mask_iban(match: re.Match[str]) -> str:
    """The candidate may go on into the words behind the IBAN; its country says where it ends."""
    candidate = match[0]
    places = [place for place, character in enumerate(candidate) if character.isalnum()]
    length = _IBAN_CHARS.get(candidate[:2].upper(), len(places) + 1)
    if length > len(places):
        return candidate
    end = places[length - 1] + 1
    ends_there = end == len(candidate) or not candidate[end].isalnum()
    return IBAN + candidate[end:] if ends_there and is_iban(re.sub("[ -]", "", candidate[:end])) else candidate


def _digit_count(text: str) -> int:
    return sum(character.isdigit() for character in text)
