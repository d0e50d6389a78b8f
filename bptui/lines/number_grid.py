"""Many numbers beside each other: one number of decimals for all, aligned on the point, nothing rounded away unseen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bptui.core.text import LARGEST_PLAIN, number
from layers import Array

MOST_DECIMALS = 4
LEAST_DIGITS = 3
"""Significant digits that a number keeps beside larger ones; very small ones are written in powers of ten."""

NARROWEST, USUAL = 2, 7
"""Cells that a column of numbers takes at least, and mostly, its gap included."""


def decimals_for(numbers: Sequence[float]) -> int:
    """Return the decimals that suit the numbers in sight: as few as show them exactly, four at the most."""
    plain = [it for it in map(abs, numbers) if it < LARGEST_PLAIN]
    most = max(decimals_beside(max(plain, default=0.0)), *(decimals_of(it) for it in plain), 0)
    return next((count for count in range(most) if all(round(it, count) == it for it in plain)), most)


def decimals_beside(largest: float) -> int:
    """Return how many decimals numbers have room for beside the ``largest``."""
    return max(0, MOST_DECIMALS - max(0, len(str(int(largest))) - 2))


def decimals_of(size: float) -> int:
    """Return how many decimals show the least digits of a number of this size; none for one below a tenth."""
    return max(0, LEAST_DIGITS - len(str(int(size)))) if size >= 1 else LEAST_DIGITS if size >= 0.1 else 0


def cell_text(value: float, decimals: int) -> str:
    """Return one number; in powers of ten where the decimals would not show two digits of it."""
    size = abs(value)
    if not np.isfinite(value):
        return number(value)
    if size == 0:
        return "-0" if str(value).startswith("-") else "0"
    if size >= LARGEST_PLAIN or (decimals and size < 10 ** (1 - decimals)) or (not decimals and size < 1):
        return plain_if_short(value, decimals)
    return f"{value:.{decimals}f}"


def plain_if_short(value: float, decimals: int) -> str:
    """Return a very small or large number in powers of ten, unless so few decimals show all of it."""
    plain = f"{value:.{decimals}f}"
    return plain if float(plain) == value and len(plain) <= 10 else f"{value:.1e}"


def aligned(texts: Sequence[str]) -> list[str]:
    """Return ``texts`` at one width, their points below each other."""
    heads = [point(it) for it in texts]
    left = max(heads, default=0)
    right = max((len(it) - head for it, head in zip(texts, heads, strict=True)), default=0)
    return [" " * (left - head) + it.ljust(head + right) for it, head in zip(texts, heads, strict=True)]


def point(text: str) -> int:
    """Return how many characters stand before a number's point, or would."""
    at = text.find(".")
    if at >= 0:
        return at
    return len(text)


def number_grid(window: Array) -> list[list[str]]:
    """Return a matrix's numbers as text, all of one width and aligned on their points."""
    rows, columns = window.shape
    numbers = window.ravel().tolist()
    decimals = decimals_for(numbers)
    texts = aligned([cell_text(it, decimals) for it in numbers])
    return [texts[row * columns : (row + 1) * columns] for row in range(rows)]


def columns_that_fit(rows: Array, width: int) -> list[list[str]]:
    """Return the texts of as many columns as fit, and at least of one."""
    count = max(1, min(rows.shape[1], width // USUAL + 1))
    texts = number_grid(rows[:, :count])
    while count < rows.shape[1] and grid_width(texts) + NARROWEST <= width:
        count += max(1, (width - grid_width(texts)) // USUAL)
        texts = number_grid(rows[:, :count])
    while len(texts[0]) > 1 and grid_width(texts) > width:
        count = min(len(texts[0]) - 1, max(1, (width + 1) // (len(texts[0][0]) + 1)))
        texts = number_grid(rows[:, :count])
    return texts


def grid_width(texts: Sequence[Sequence[str]]) -> int:
    """Return how many cells the columns take, with a gap between two."""
    return len(texts[0]) * (len(texts[0][0]) + 1) - 1
