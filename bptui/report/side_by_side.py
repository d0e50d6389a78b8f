"""Many scenarios checked side by side, on the cores that there are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TextIO

from bptui.checking.check_scenario import check_scenario
from bptui.checking.finding import Report
from bptui.errors import BptuiError
from bptui.scenario.load import load

FEW = 3
"""As many scenarios are checked sooner than other processes have started."""


def check_all(places: Sequence[str], layers: Sequence[Path]) -> Iterator[Report | BptuiError]:
    """Yield for each scenario its report, or why it cannot be read, in the order given."""
    files = [tuple(layers)] * len(places)
    workers = min(cores(), len(places))
    if len(places) <= FEW or workers == 1:
        yield from map(check_one, places, files)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield from pool.map(check_one, places, files)
        finally:
            pool.shutdown(cancel_futures=True)


def check_one(place: str, layers: Sequence[Path]) -> Report | BptuiError:
    """Return the report on one scenario, or why it cannot be read."""
    try:
        return check_scenario(load(place, layers=layers, notice=tell))
    except BptuiError as error:
        return error


def tell(words: str) -> None:
    """Tell that one of the user's files takes its time."""
    sys.stderr.write(f"{words}\n")


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Progress:
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
