"""Many scenarios checked side by side, on the cores that there are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from bptui.checking.check_scenario import Progress, ignore_progress
from bptui.report.check_worker import CheckWorker, Result, check_one

FEW = 3
"""As many scenarios are checked sooner than other processes have started."""


def check_all(
    places: Sequence[str],
    layers: Sequence[Path],
    progress: Progress = ignore_progress,
    *,
    expand: Sequence[str] = (),
) -> Iterator[Result]:
    """Yield for each scenario what comes of it, in the order given; ``progress`` is told of nodes done here."""
    count = min(cores(), len(places))
    if len(places) <= FEW or count == 1 or sys.platform == "win32":  # its processes have no lifelines
        for place in places:
            yield check_one(place, layers, progress, expand=expand)
        return
    yield from check_in_workers(places, layers, [CheckWorker() for _ in range(count)], expand=expand)


def check_in_workers(
    places: Sequence[str], layers: Sequence[Path], workers: Sequence[CheckWorker], *, expand: Sequence[str] = ()
) -> Iterator[Result]:
    """Yield what comes of each scenario; whatever ends this ends the workers, and nobody waits for what they do."""
    idle: SimpleQueue[CheckWorker] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def check(place: str) -> Result:
        worker = idle.get()
        try:
            return worker.check(place, layers, expand=expand)
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
