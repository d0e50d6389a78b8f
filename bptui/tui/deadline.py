"""A deadline: a thread that waits for a signal to begin with, and ends the process if that has not ended in time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from threading import Thread

PATIENCE = 2.5
"""Seconds after a signal in which the screen may be left properly."""


class Deadline:
    """``begin`` may be called from a signal's handler, which holds up a thread that may itself hold any lock."""

    def __init__(self, end: Callable[[], None]) -> None:
        self.end = end
        self.reader, self.writer = os.pipe()
        Thread(target=self.watch, name="bptui-deadline", daemon=True).start()

    def begin(self) -> None:
        """Let the time run."""
        os.write(self.writer, b"!")

    def watch(self) -> None:
        """Wait for the beginning, then for the time to be over, and end the process."""
        os.read(self.reader, 1)
        time.sleep(PATIENCE)
        self.end()
