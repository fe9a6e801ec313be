"""Tie a child's life to ours, so that a starter killed with -9 leaves nothing behind. Standard library only.

Linux offers exactly this: PR_SET_PDEATHSIG, a signal the kernel sends the child when its parent is gone, asked for
between fork and exec. Two traps: the kernel means the parent *thread*, so children must be started from a thread that
lives as long as they should, in practice the main one; and a parent that died before the call is never noticed, so the
child looks once more. macOS and Windows have no such call: there a starter killed with -9 leaves its children running.
A pipe that children watch was the alternative, but redis-server watches none.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

# From linux/prctl.h.
PR_SET_PDEATHSIG = 1


def tie_to_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn`: the kernel sends the child `death_signal` when we die. None where there is no such call."""
    if sys.platform != "linux":
        return None
    # Loaded here, before the fork: the child must do as little as possible between fork and exec.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie
