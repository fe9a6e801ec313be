"""Opaque cursors: where a listing goes on. A client hands back what it was given; anything else is a ValueError."""

import base64
import binascii
import json
import math


def encode(*place: str | float) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def decode(cursor: str, *types: type) -> list[str | float]:
    """Raises ValueError unless the cursor holds exactly these types."""
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise ValueError("not a cursor of ours") from error
    if not isinstance(place, list) or [type(part) for part in place] != list(types):
        raise ValueError("not a cursor of ours")
    return place


def number(text: str | float) -> float:
    """A score out of a cursor; infinities are the ends of a list. Raises ValueError."""
    score = float(text)
    if math.isnan(score):
        raise ValueError("not a cursor of ours")
    return score
