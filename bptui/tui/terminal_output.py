"""The terminal as something to write on that may stop reading, or be gone: writing waits, but never for ever."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Callable
from time import monotonic
from typing import TextIO

GRACE = 1.0
"""Seconds that a terminal is given to take in what is left when the program ends because of a signal."""

LOOK_AROUND = 100
"""Milliseconds after which one that waits for the terminal looks whether the program is ending."""

CHUNK = 4096


class TerminalOutput:
    """Writes text to the terminal that ``stream`` is on. ``lost`` is called where that is gone.

    What is written goes to the terminal through a description of its own, so that only writing here never blocks, and
    not the shell's that comes after us.
    """

    def __init__(self, stream: TextIO, lost: Callable[[], None]) -> None:
        self.encoding, self.errors = stream.encoding, stream.errors or "backslashreplace"
        self.descriptor = reopened(stream.fileno())
        self.lost = lost
        self.is_lost = False
        self.end: float | None = None
        self.poll = select.poll()
        self.poll.register(self.descriptor, select.POLLOUT)

    def fileno(self) -> int:
        """Return the descriptor that is written to."""
        return self.descriptor

    def hurry(self) -> None:
        """Wait no longer than ``GRACE`` seconds from now on, in all."""
        self.end = self.end or monotonic() + GRACE

    def write(self, text: str) -> None:
        """Write text, waiting for the terminal; drop it where that is gone, or not read in time at the end."""
        left = memoryview(text.encode(self.encoding, self.errors))
        while left and not self.is_lost and not (self.end and monotonic() > self.end):
            if not self.poll.poll(LOOK_AROUND):
                continue
            try:
                left = left[os.write(self.descriptor, left[:CHUNK]) :]
            except BlockingIOError:
                self.poll.poll(1)
            except OSError:
                self.is_lost = True
                self.lost()

    def write_now(self, text: str) -> None:
        """Write what the terminal takes without waiting."""
        with contextlib.suppress(OSError):
            os.write(self.descriptor, text.encode(self.encoding, self.errors))

    def flush(self) -> None:
        """Do nothing: all is written at once."""


def reopened(descriptor: int) -> int:
    """Return a descriptor of the same terminal that does not block; a mere copy where it cannot be opened again."""
    try:
        return os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        return os.dup(descriptor)
