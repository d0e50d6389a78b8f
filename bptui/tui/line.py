"""A line of a pane as data: what the panels' pure functions return and tests compare, with no widget in sight."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Span(NamedTuple):
    """Text in one style: a name from the palette, or colours as Rich writes them, ``#112233 on #445566``."""

    text: str
    style: str = ""


Line: TypeAlias = tuple[Span, ...]
