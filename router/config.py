"""What the application is told, as plain values: no environment is read here."""

from dataclasses import dataclass

# 256 KiB: a ticket with three long texts fits many times over, and a thousand at once are still only 256 MiB.
DEFAULT_MAX_BODY_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class RouterConfig:
    """`api_keys` empty: everybody may call. `rate_per_minute` 0: no limit."""

    api_keys: tuple[str, ...] = ()
    rate_per_minute: int = 0
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES
