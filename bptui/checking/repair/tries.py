"""How often edits are tried: a number, and not a time, so that what a mistake is called hangs on no clock."""

from __future__ import annotations

LEAST = 20
"""Tries that there are for the slowest of layers, too."""


class Tries:
    """A number of tries, which is used up one by one."""

    def __init__(self, most: int) -> None:
        self.left = max(most, LEAST)

    def take(self) -> bool:
        """Return whether there is one left, and use it up."""
        self.left -= 1
        return self.left >= 0
