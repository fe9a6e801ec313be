"""How long to wait before the next try of something that keeps failing."""

# A fifth more or less at random keeps several workers of one machine from all retrying in the same instant.
JITTER_SHARE = 0.2


def backoff_s(first_s: float, cap_s: float, attempt: int, chance: float) -> float:
    """Seconds to wait before try number `attempt` (1 is the first): doubling from `first_s` up to `cap_s`.

    `chance` in 0..1 spreads every wait but the first upwards by up to `JITTER_SHARE`; the cap holds after jitter too.
    """
    if attempt <= 1:
        return min(first_s, cap_s)
    # 2^30 is beyond any cap; without the bound a model that is missing for months overflows a float.
    doubled = first_s * float(1 << min(attempt - 1, 30))
    return min(cap_s, doubled * (1 + JITTER_SHARE * chance))
