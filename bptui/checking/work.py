"""Work that can be done a piece at a time: a generator that yields where one may pause, and returns what came out."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Work: TypeAlias = Generator[None, None, T]


def finished(work: Work[T]) -> T:
    """Return what work comes to, done without a pause."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result
