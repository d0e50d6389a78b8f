"""What the child does to itself before it runs a line of the user's: limits, and a last word."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import resource

MOST_MEMORY = 4 << 30
"""Bytes that a guest may allocate; beyond that it gets a MemoryError."""


def confine(last_words: int) -> None:
    """Bound this process; to ``last_words`` goes the traceback of a crash."""
    faulthandler.enable(os.fdopen(last_words, "wb", buffering=0, closefd=False), all_threads=False)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit_memory()


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
