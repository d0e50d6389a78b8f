"""Where the signals of the user's code may go: to processes of its own, and neither to its keeper nor to ours.

Linux 6.12 and later know how (https://docs.kernel.org/userspace-api/landlock.html); elsewhere nothing is restricted.
"""

from __future__ import annotations

import ctypes
import os
import sys

CREATE_RULESET, RESTRICT_SELF = 444, 446
"""The numbers of Landlock's system calls, which are the same on all machines."""

SCOPE_SIGNAL, SET_NO_NEW_PRIVILEGES = 2, 38


def keep_signals_inside() -> None:
    """Let this process, and all that it starts, send signals to each other alone."""
    if sys.platform != "linux":
        return
    system = ctypes.CDLL(None)
    handled = (ctypes.c_uint64 * 3)(0, 0, SCOPE_SIGNAL)  # of files, of the network, and what is kept inside
    rules = system.syscall(CREATE_RULESET, ctypes.byref(handled), ctypes.c_size_t(ctypes.sizeof(handled)), 0)
    if rules < 0:
        return
    if system.prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0:
        system.syscall(RESTRICT_SELF, rules, 0)
    os.close(rules)
