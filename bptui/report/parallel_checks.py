"""Many scenarios checked side by side, on the cores that there are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TypeAlias

from bptui.checking.check_scenario import Progress, ignore_progress
from bptui.report.check_worker import CheckWorker, Result, check_one

Counts: TypeAlias = dict[str, tuple[int, int]]
"""How many nodes are done of how many, by scenario."""

FEW = 3
"""As many scenarios are checked sooner than other processes have started."""


def check_all(
    places: Sequence[str],
    layers: Sequence[Path],
    progress: Progress = ignore_progress,
    *,
    expand: Sequence[str] = (),
) -> Iterator[Result]:
    """Yield for each scenario what comes of it, in the order given; ``progress`` is told of nodes done."""
    count = min(cores(), len(places))
    if len(places) <= FEW or count == 1 or sys.platform == "win32":  # its processes have no lifelines
        for place in places:
            yield check_one(place, layers, progress, expand=expand)
        return
    yield from check_in_workers(places, layers, [CheckWorker() for _ in range(count)], progress, expand=expand)


def check_in_workers(
    places: Sequence[str],
    layers: Sequence[Path],
    workers: Sequence[CheckWorker],
    progress: Progress = ignore_progress,
    *,
    expand: Sequence[str] = (),
) -> Iterator[Result]:
    """Yield what comes of each scenario; whatever ends this ends the workers, and nobody waits for what they do.

    ``progress`` is told, in the caller's thread, how many nodes are done of all scenarios that have begun.
    """
    idle: SimpleQueue[CheckWorker] = SimpleQueue()
    news: SimpleQueue[Counts] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def check(place: str) -> Result:
        worker = idle.get()
        try:
            return worker.check(place, layers, lambda *counts: news.put({place: counts}), expand=expand)
        finally:
            idle.put(worker)
            news.put({})

    try:
        with ThreadPoolExecutor(len(workers)) as threads:
            try:
                results = [threads.submit(check, place) for place in places]
                yield from in_order(results, news, progress)
            finally:
                threads.shutdown(wait=False, cancel_futures=True)
                for worker in workers:
                    worker.kill()
    finally:
        for worker in workers:
            worker.close()


def in_order(results: Iterable[Future[Result]], news: SimpleQueue[Counts], progress: Progress) -> Iterator[Result]:
    """Yield results as they come, in their order; while one is waited for, ``progress`` is told the news."""
    counts: Counts = {}
    for result in results:
        while not result.done():
            if told := news.get():
                counts |= told
                done, total = (sum(column) for column in zip(*counts.values(), strict=True))
                progress(done, total)
        yield result.result()


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
