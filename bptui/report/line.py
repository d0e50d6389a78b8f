"""A line of a report: what it says, what it is about, and how far it is indented. Who prints it chooses colours."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """``role`` is ``title``, ``heading``, ``forward``, ``backward``, ``update``, ``warning``, ``quiet`` or nothing."""

    text: str = ""
    role: str = ""
    indent: int = 0

    def __str__(self) -> str:
        return (" " * self.indent + self.text).rstrip()
