"""Many scenarios checked side by side, on the cores that there are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TextIO

from bptui.report.check_worker import CheckWorker, Result, check_one

FEW = 3
"""As many scenarios are checked sooner than other processes have started."""


def check_all(places: Sequence[str], layers: Sequence[Path]) -> Iterator[Result]:
    """Yield for each scenario what comes of it, in the order given."""
    count = min(cores(), len(places))
    if len(places) <= FEW or count == 1 or sys.platform == "win32":  # its processes have no lifelines
        for place in places:
            yield check_one(place, layers)
        return
    yield from check_in_workers(places, layers, [CheckWorker() for _ in range(count)])


def check_in_workers(places: Sequence[str], layers: Sequence[Path], workers: Sequence[CheckWorker]) -> Iterator[Result]:
    """Yield what comes of each scenario; whatever ends this ends the workers, and nobody waits for what they do."""
    idle: SimpleQueue[CheckWorker] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def check(place: str) -> Result:
        worker = idle.get()
        try:
            return worker.check(place, layers)
        finally:
            idle.put(worker)

    try:
        with ThreadPoolExecutor(len(workers)) as threads:
            try:
                yield from threads.map(check, places)
            finally:
                threads.shutdown(wait=False, cancel_futures=True)
                for worker in workers:
                    worker.kill()
    finally:
        for worker in workers:
            worker.close()


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ProgressLine:
    """How many of ``total`` are done, in one line of a terminal that is taken away in the end; nothing elsewhere."""

    def __init__(self, total: int, file: TextIO) -> None:
        self.total = total
        self.file = file
        self.is_shown = total > 1 and file.isatty()
        self.done = 0

    def advance(self) -> None:
        """Count one more."""
        self.done += 1
        self.show(f"{self.done} of {self.total} checked")

    def clear(self) -> None:
        """Take the line away, so that something can be printed."""
        self.show("")

    def show(self, words: str) -> None:
        """Write over the line."""
        if self.is_shown:
            self.file.write(f"\r\x1b[K{words}")
            self.file.flush()
