"""Rows of cells as text, their columns in line."""

from __future__ import annotations

from collections.abc import Sequence

from bptui.lines.cell_width import cells

GAP = "  "


def flush_right(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as text, their columns flush on the right: numbers."""
    rooms = column_widths(rows)
    return [GAP.join([" " * (room - cells(it)) + it for it, room in zip(row, rooms, strict=True)]) for row in rows]


def flush_left(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as text, their columns flush on the left: words."""
    rooms = column_widths(rows)
    return [
        GAP.join([it + " " * (room - cells(it)) for it, room in zip(row, rooms, strict=True)]).rstrip() for row in rows
    ]


def column_widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return how many cells each column takes."""
    return [max(map(cells, column)) for column in zip(*rows, strict=True)]
