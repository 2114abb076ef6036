"""Tie a child to its parent's life: when the parent dies by any death, the kernel signals the child.

PR_SET_PDEATHSIG follows the *thread* that forked, so children are started from the main thread only.
"""

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def leash(death_signal: signal.Signals) -> Callable[[], None]:
    """Return a `preexec_fn` for Popen: the child gets `death_signal` when this process dies.

    It runs after setuid, which would clear the tie (prctl(2)), and unblocks every signal for the child.
    """
    parent = os.getpid()

    def tie() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if os.getppid() != parent:  # the parent died between fork and prctl
            os._exit(1)

    return tie
