"""Memory that the two processes share: what the child copies into it, the parent reads, without its passing a pipe."""

from __future__ import annotations

import mmap
import os
import sys
import tempfile

if sys.platform == "linux":
    import fcntl


def open_shared_memory(size: int) -> int:
    """Return the descriptor of ``size`` bytes that take no room until they are written, and cannot be cut short."""
    if sys.platform != "linux":
        with tempfile.TemporaryFile() as file:
            os.truncate(file.fileno(), size)
            return os.dup(file.fileno())
    descriptor = os.memfd_create("bptui", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.truncate(descriptor, size)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    return descriptor


def map_for_reading(descriptor: int) -> mmap.mmap:
    """Return the memory behind a descriptor, to be read."""
    return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)


def map_for_writing(descriptor: int) -> mmap.mmap:
    """Return the memory behind a descriptor, to be written."""
    return mmap.mmap(descriptor, 0)
