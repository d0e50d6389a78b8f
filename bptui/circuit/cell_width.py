"""Text as terminal cells: a Chinese character takes two, a combining mark none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

CellLength: TypeAlias = Callable[[str], int]
"""How many cells a text takes; the screen passes ``rich.cells.cell_len``, which core may not import."""


def split(text: str, cell_length: CellLength) -> list[str]:
    """Return one string for each cell of ``text``, empty for the second cell of a wide character."""
    if text.isascii():
        return list(text)
    cells: list[str] = []
    for end, character in enumerate(text, start=1):
        width = cell_length(text[:end]) - len(cells)
        if width > 0:
            cells += [character] + [""] * (width - 1)
        elif cells:
            place = max(index for index, cell in enumerate(cells) if cell)
            cells[place] += character
    return cells


def shorten(text: str, width: int, cell_length: CellLength) -> str:
    """Return ``text``, or as much of its start as fits into ``width`` cells with an ellipsis behind it."""
    if (len(text) if text.isascii() else cell_length(text)) <= width:
        return text
    kept = split(text, cell_length)[: width - 1]
    if kept and cell_length("".join(kept)) >= width:
        kept.pop()
    return "".join(kept) + "…"


def fit(text: str, width: int, cell_length: CellLength, *, right: bool = False) -> list[str]:
    """Return exactly ``width`` cells: ``text`` shortened where it is too long, and spaces on one side."""
    cells = split(shorten(text, width, cell_length), cell_length)
    spaces = [" "] * (width - len(cells))
    return spaces + cells if right else cells + spaces
