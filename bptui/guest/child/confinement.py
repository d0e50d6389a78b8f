"""What the child does to itself before it runs a line of the user's: limits, an early death, and a last word."""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import os
import resource
import signal
import threading
from collections.abc import Iterator

MOST_MEMORY = 4 << 30
"""Bytes that a guest may allocate; beyond that it gets a MemoryError."""


LONG_LOADING = 4.5
"""Seconds after which a person wonders what a file is doing."""


def confine(lifeline: int, last_words: int) -> None:
    """Bound this process, and tie it to the one that started it.

    ``lifeline`` is a pipe whose other end the parent holds and never writes to; to ``last_words`` goes the traceback
    of a crash.
    """
    faulthandler.enable(os.fdopen(last_words, "wb", buffering=0, closefd=False), all_threads=False)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit_memory()
    die_with_parent(lifeline)


@contextlib.contextmanager
def telling_where_it_is(last_words: int) -> Iterator[None]:
    """Let the traceback of what runs here, if it still does after ``LONG_LOADING`` seconds, go to ``last_words``."""
    faulthandler.dump_traceback_later(LONG_LOADING, file=last_words)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def limit_memory() -> None:
    """Let no more than ``MOST_MEMORY`` be allocated, where the system can hold to it."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = used_memory() + MOST_MEMORY
    if hard == resource.RLIM_INFINITY or limit < hard:
        with contextlib.suppress(OSError, ValueError):  # macOS knows the limit, and refuses it
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def used_memory() -> int:
    """Return the bytes of address space in use, 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123  (pathlib would be imported for this alone)
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def die_with_parent(lifeline: int) -> None:
    """Let the system kill this process when the other end of ``lifeline`` is closed, whatever it is busy with."""
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
        if is_closed(lifeline):  # it was before anybody listened
            os._exit(1)
    else:
        threading.Thread(target=wait_for_end, args=(lifeline,), daemon=True).start()


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
