"""A pipe that ties a process to the one that started it, which holds the other end and never writes to it."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading


def die_with_parent(lifeline: int) -> None:
    """Let the system kill this process when the other end of ``lifeline`` is closed, whatever it is busy with."""
    if sys.platform == "linux":
        signal_end(lifeline, signal.SIGKILL)
        if is_closed(lifeline):  # it was before anybody listened
            os._exit(1)
    else:
        threading.Thread(target=wait_for_end, args=(lifeline,), daemon=True).start()


def signal_end(lifeline: int, number: int) -> None:
    """Let the system send this process a signal when the other end of ``lifeline`` is closed."""
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETSIG, number)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def is_closed(lifeline: int) -> bool:
    """Return whether the other end is closed already."""
    os.set_blocking(lifeline, False)
    try:
        return not os.read(lifeline, 1)
    except BlockingIOError:
        return False


def wait_for_end(lifeline: int) -> None:
    """Wait for the other end to be closed, and end. A guest that holds the interpreter holds this up."""
    os.read(lifeline, 1)
    os._exit(1)
