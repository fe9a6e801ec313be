"""Cuts a batch into portions of about one unit of work, so that a missed deadline costs only a part of it."""

from collections.abc import Sequence


def portions(tokens: Sequence[int], most_tokens: int) -> list[list[int]]:
    """Indices of texts, shortest first, in even groups of at most `most_tokens` tokens; a longer text is a group of its own.

    Texts of a length go together, since a batch is padded to its longest.
    """
    groups: list[list[int]] = []
    left, room, full = sum(tokens), 0, 0
    for index in sorted(range(len(tokens)), key=tokens.__getitem__):
        cost = tokens[index]
        if not groups or cost > room or full <= 0:
            groups.append([])
            room = most_tokens
            full = -(-left // -(-left // most_tokens))  # what is left, in as few groups as hold it, evenly
        groups[-1].append(index)
        left, room, full = left - cost, room - cost, full - cost
    return groups
