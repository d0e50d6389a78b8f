"""Waiting for what another process does: never for ever, and with a word on what did not come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic

PATIENCE = 60.0
"""Seconds after which a test fails that waits for something; never waited for where all is well."""


def within(seconds: float, missing: Callable[[], str]) -> Iterator[None]:
    """Yield for as long as there is patience left. Raises AssertionError with what is ``missing`` after that."""
    end = monotonic() + seconds
    while monotonic() < end:
        yield
    raise AssertionError(missing())


def work_until(is_done: Callable[[], object], work: Callable[[], object] = lambda: None) -> None:
    """Call ``work`` again and again until ``is_done()`` is true."""
    for _ in within(PATIENCE, lambda: f"{is_done} was not true within {PATIENCE:g} s"):
        if is_done():
            return
        work()
