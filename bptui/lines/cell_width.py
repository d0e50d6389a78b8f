"""Text as terminal cells: a Chinese character takes two, a combining mark none.

Widths are those that Rich and Textual reckon with, which draw the screen and which nothing below it loads.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import pairwise

NO_CELL = frozenset({"Mn", "Me", "Mc"})
"""Unicode categories of what is written over the character before it."""

VARIATION_SELECTOR = "\ufe0f"
"""Asks for the character before it as a picture, which is two cells wide."""

EXCEPTIONS = (
    ("\u1160", "\u11ff", 0),  # Hangul vowels and final consonants, which join the consonant before them
    ("\u2630", "\u2637", 2),  # trigrams, wide since Unicode 16, as are the other signs of the Book of Changes
    ("\u268a", "\u268f", 2),
    ("\u3164", "\u3164", 0),
    ("\u4dc0", "\u4dff", 2),
    ("\ud7b0", "\ud7fb", 0),
    ("\uffa0", "\uffa0", 0),
    ("\U0001d300", "\U0001d376", 2),
    ("\U0001f3fb", "\U0001f3ff", 0),  # colours of skin, which change the picture before them
)
"""First and last character, and cells, where a Python's Unicode tables are too old or say something else."""


def cells(text: str) -> int:
    """Return how many cells a text takes."""
    return len(text) if text.isascii() else cells_of_text(text)


@lru_cache(maxsize=4096)
def cells_of_text(text: str) -> int:
    """Return how many cells a text takes that is more than ASCII."""
    pictures = sum(
        width(before) == 1 and unicodedata.category(before) == "So"
        for before, after in pairwise(text)
        if after == VARIATION_SELECTOR
    )
    return sum(map(width, text)) + pictures


@lru_cache(maxsize=4096)
def width(character: str) -> int:
    """Return how many cells a character takes."""
    for first, last, known in EXCEPTIONS:
        if first <= character <= last:
            return known
    if unicodedata.category(character) in NO_CELL:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def split_cells(text: str) -> list[str]:
    """Return one string for each cell of ``text``, empty for the second cell of a wide character."""
    if text.isascii():
        return list(text)
    found: list[str] = []
    for end, character in enumerate(text, start=1):
        wide = cells(text[:end]) - len(found)
        if wide > 0:
            found += [character] + [""] * (wide - 1)
        elif found:
            place = max(index for index, cell in enumerate(found) if cell)
            found[place] += character
    return found


def shorten(text: str, width: int) -> str:
    """Return ``text``, or as much of its start as fits into ``width`` cells with an ellipsis behind it."""
    if cells(text) <= width:
        return text
    kept = split_cells(text)[: width - 1]
    if kept and cells("".join(kept)) >= width:
        kept.pop()
    return "".join(kept) + "…"


def cut_middle(text: str, width: int) -> str:
    """Return ``text``, or its start and its end with an ellipsis between them, in ``width`` cells at most.

    Names of one network mostly differ in how they end.
    """
    if cells(text) <= width or width < 3:
        return shorten(text, width)
    tail = split_cells(text)[-((width - 1) // 2) :]
    while tail and not tail[0]:
        tail.pop(0)
    head = split_cells(text)[: width - 1 - (width - 1) // 2]
    while cells("".join(head)) > width - 1 - (width - 1) // 2:
        head.pop()
    return f"{''.join(head)}…{''.join(tail)}"


def padded_cells(text: str, width: int, *, right: bool = False) -> list[str]:
    """Return exactly ``width`` cells: ``text`` shortened where it is too long, and blanks on one side of it."""
    found = split_cells(shorten(text, width))
    blanks = [" "] * (width - len(found))
    return blanks + found if right else found + blanks
