"""Sees records onto the disk in a thread of its own, so that no key waits for a disk that is slow or stalled."""

from __future__ import annotations

import os
from threading import Condition, Thread

from bptui.errors import reason_of

INTERVAL = 0.05
"""Seconds between two syncs at least: what was written meanwhile goes to the disk together."""


class DiskSync:
    """Syncs a file when asked to. ``safe`` records are on the disk, and ``failure`` says why no more will be.

    It works on a descriptor of its own, which the thread closes when it ends.
    """

    def __init__(self, file: int, safe: int = 0) -> None:
        self.file = os.dup(file)
        self.condition = Condition()
        self.asked = self.safe = safe
        self.failure: str | None = None
        self.is_closing = False
        self.thread = Thread(target=self.work, name="disk sync", daemon=True)
        self.thread.start()

    def ask(self, count: int) -> None:
        """Ask for the first ``count`` records to be seen onto the disk, soon."""
        with self.condition:
            self.asked = count
            self.condition.notify_all()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until all that was asked for is on the disk, or cannot be, for at most ``seconds``."""
        with self.condition:
            self.condition.wait_for(lambda: self.safe >= self.asked or self.failure is not None, seconds)

    def close(self, seconds: float | None = None) -> None:
        """See what was asked for onto the disk without a pause, and end; a disk that is stalled is given ``seconds``.

        The file is then no longer held, nor locked, from here.
        """
        with self.condition:
            self.is_closing = True
            self.condition.notify_all()
        self.thread.join(seconds)

    def work(self) -> None:
        """Sync whenever that is asked for, until the end."""
        with self.condition:
            while self.failure is None and self.condition.wait_for(self.has_to_go_on) and self.safe < self.asked:
                self.sync(self.asked)
                self.condition.wait_for(lambda: self.is_closing, INTERVAL)
        os.close(self.file)

    def has_to_go_on(self) -> bool:
        """Return whether there is something to sync, or nothing more to come."""
        return self.safe < self.asked or self.is_closing

    def sync(self, count: int) -> None:
        """Sync while others go on, and tell them that ``count`` records are safe."""
        self.condition.release()
        try:
            os.fsync(self.file)
            failure = None
        except OSError as error:
            failure = reason_of(error)
        finally:
            self.condition.acquire()
        self.failure = failure
        self.safe = self.safe if failure else count
        self.condition.notify_all()
