"""Cuts a batch into portions of about one unit of work, so that a missed deadline costs only a part of it."""

from collections.abc import Sequence


def portions(tokens: Sequence[int], most_tokens: int) -> list[list[int]]:
    """Indices of texts, in order, in groups of at most `most_tokens` tokens; a longer text is a group of its own."""
    groups: list[list[int]] = []
    room = 0
    for index, cost in enumerate(tokens):
        if not groups or cost > room:
            groups.append([])
            room = most_tokens
        groups[-1].append(index)
        room -= cost
    return groups
