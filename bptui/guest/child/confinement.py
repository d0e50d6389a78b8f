"""What the child does to itself before it runs a line of the user's: limits, and a last word."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import resource
from collections.abc import Iterator

MOST_MEMORY = 4 << 30
"""Bytes that a guest may allocate; beyond that it gets a MemoryError."""


LONG_LOADING = 4.5
"""Seconds after which a person wonders what a file is doing."""


def confine(last_words: int) -> None:
    """Bound this process; to ``last_words`` goes the traceback of a crash."""
    faulthandler.enable(os.fdopen(last_words, "wb", buffering=0, closefd=False), all_threads=False)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit_memory()


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
