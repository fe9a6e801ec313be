"""How long the supervisor of the model process waits for what."""

from dataclasses import dataclass

# After the deadline. A healthy model needs a tenth of a second and one on a machine that swaps a few; a process silent
# for longer is stuck. Its caller left at the deadline, so this wait costs no ticket anything.
SILENCE_S = 3.0
# A first start may download gigabytes; what takes longer than this is stuck.
LOAD_PATIENCE_S = 900.0
# A crash by chance is repaired at once; a missing model costs one process start (about two seconds of one core) per two
# minutes.
RETRY_FIRST_S = 0.5
RETRY_CAP_S = 120.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the supervisor waits for what, in seconds."""

    silence_s: float = SILENCE_S
    load_s: float = LOAD_PATIENCE_S
    retry_first_s: float = RETRY_FIRST_S
    retry_cap_s: float = RETRY_CAP_S
