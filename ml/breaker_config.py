"""When the breaker opens and for how long."""

from dataclasses import dataclass

# What one unit of work is: a batch of about ten ordinary tickets (47 tokens each), 70 ms for the default model on two
# cores. A bigger batch may take as many times longer as it holds units; a smaller one gets the full allowance, since
# below this size the fixed cost of a call outweighs its tokens.
UNIT_TOKENS = 512

# Short enough to see a model that turned bad within seconds of ordinary traffic.
WINDOW_CALLS = 10
# Below four calls a rate says nothing: one cold cache would be "half of all calls".
MINIMUM_CALLS = 4
# Half of the calls answered by the model is no longer worth the wait that the other half costs.
FAILURE_RATE = 0.5
SLOW_RATE = 0.5
# A repaired model is back within a minute, and a broken one is asked no more often than that.
OPEN_CAP_S = 60.0


@dataclass(frozen=True, slots=True)
class BreakerConfig:
    """When to open and for how long. `slow_ms` is the allowance of one unit of work. Raises ValueError."""

    slow_ms: float = 500.0
    open_s: float = 10.0
    open_cap_s: float = OPEN_CAP_S
    window_calls: int = WINDOW_CALLS
    minimum_calls: int = MINIMUM_CALLS
    failure_rate: float = FAILURE_RATE
    slow_rate: float = SLOW_RATE

    def __post_init__(self) -> None:
        if not (self.slow_ms > 0 and self.open_s > 0 and self.open_cap_s > 0):
            raise ValueError("slow_ms, open_s and open_cap_s must be greater than 0")
        if not 1 <= self.minimum_calls <= self.window_calls:
            raise ValueError("minimum_calls must be between 1 and window_calls")
        if not (0 < self.failure_rate <= 1 and 0 < self.slow_rate <= 1):
            raise ValueError("failure_rate and slow_rate must be above 0 and at most 1")

    def allowance_ms(self, tokens: int) -> float:
        """How long a call over `tokens` tokens may take before it counts as slow."""
        return self.slow_ms * max(1.0, tokens / UNIT_TOKENS)
