"""Which expressions are shown at every step."""

from __future__ import annotations

from dataclasses import field

from bptui.deferred_dataclass import dataclass
from bptui.errors import BptuiError

MOST_WATCHES = 20
"""Expressions that are watched at the same time."""


@dataclass
class WatchList:
    """The expressions by number; numbers are never given again."""

    by_number: dict[int, str] = field(default_factory=dict)
    given: int = 0

    def add(self, expression: str) -> int:
        """Watch an expression and return its number. Raises BptuiError where there are too many."""
        if len(self.by_number) >= MOST_WATCHES:
            raise BptuiError(f"{MOST_WATCHES} expressions are watched already", hint="unwatch N removes one")
        self.given += 1
        self.by_number[self.given] = expression
        return self.given

    def remove(self, number: int) -> str:
        """Watch an expression no longer, and return it. Raises BptuiError where there is none of that number."""
        if number not in self.by_number:
            there = ", ".join(map(str, self.by_number))
            raise BptuiError(f"there is no watch {number}", hint=f"there are {there}" if there else "none is set")
        return self.by_number.pop(number)
