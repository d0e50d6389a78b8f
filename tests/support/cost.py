"""What something costs, the same on every machine: in calls and in memory, not in seconds."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Cost:
    """Calls of functions, in Python and in C, or the largest number of bytes that were in use at once."""

    calls: int = 0
    peak: int = 0


@contextmanager
def counted_calls() -> Iterator[Cost]:
    """Count the calls made within."""
    cost = Cost()

    def note(_: FrameType, event: str, __: object) -> None:
        cost.calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield cost
    finally:
        sys.setprofile(before)


@contextmanager
def traced_memory() -> Iterator[Cost]:
    """Find the peak of the memory that is allocated within; it is known afterwards."""
    cost = Cost()
    tracemalloc.start()
    try:
        yield cost
    finally:
        _, cost.peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
