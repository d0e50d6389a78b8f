"""Mistakes are collected, so that one look at a scenario tells of all of them; and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from bptui.core.text import visible
from bptui.errors import ScenarioError

ENOUGH = 100
"""Nobody reads more mistakes than this; a file with more of them is something else altogether."""

MOST_CANDIDATES = 2_000


class Problems:
    """The mistakes found so far."""

    def __init__(self) -> None:
        self.found: list[ScenarioError] = []
        self.whole: ScenarioError | None = None

    def collecting(self) -> Problems:
        """Return the context that keeps a ScenarioError raised inside, and goes on after the block."""
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if not isinstance(error, ScenarioError) or error is self.whole:
            return False
        self.found.extend(error.problems)
        if len(self.found) >= ENOUGH:
            self.raise_any()
        return True

    def raise_any(self) -> None:
        """Raise what was found, if anything was."""
        if self.found:
            self.whole = ScenarioError.of(self.found)
            raise self.whole from None


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the hint that names the candidate which is spelt most like ``name``, or None where none is close."""
    alike = [candidate for candidate in candidates if abs(len(candidate) - len(name)) <= 1 + len(name) // 2]
    close = difflib.get_close_matches(name, alike[:MOST_CANDIDATES], n=1) or [
        candidate for candidate in alike if candidate.lower() == name.lower()
    ]
    return f"did you mean {visible(close[0])}?" if close else None
