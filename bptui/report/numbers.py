"""Arrays in a report: all of a small one, in columns, and what a large one is like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bptui.core import text
from bptui.core.array_summary import Summary, summarise
from bptui.report.line import Line
from layers import Array

MOST_ACROSS = 12
MOST_ROWS = 12
MOST_NUMBERS = 96
"""The largest array that is written in full, if it has at most that many rows and columns."""


def named_array(name: str, array: Array, *, indent: int = 2) -> Iterator[Line]:
    """Yield a value with its name: ``apple = 100``, or its shape and then its numbers."""
    if (row := one_row(array)) is not None:
        yield Line(f"{text.visible(name)} = {row}", indent=indent)
        return
    yield Line(f"{text.visible(name)}  {text.shape(array)}", indent=indent)
    yield from array_lines(array, indent=indent + 2)


def one_row(array: Array) -> str | None:
    """Return a scalar or a short vector in one line, None for anything larger."""
    if np.ndim(array) == 0:
        return number(np.asarray(array)[()])
    if np.ndim(array) == 1 and array.size <= MOST_ACROSS:
        return f"[{', '.join(map(number, array))}]"
    return None


def array_lines(array: Array, *, indent: int) -> Iterator[Line]:
    """Yield an array's numbers where they are few, and otherwise what they are like."""
    if not is_small(array):
        yield Line(in_summary(array), "quiet", indent)
        return
    if array.ndim < 2:
        yield Line(one_row(array) or "[]", indent=indent)
        return
    for index in np.ndindex(array.shape[:-2]):
        if index:
            yield Line(f"[{', '.join(map(str, index))}]", "quiet", indent)
        for row in grid(array[index]):
            yield Line(row, indent=indent)


def is_small(array: Array) -> bool:
    """Return whether an array is written in full."""
    rows, columns = (1, 1, *array.shape)[-2:]
    return rows <= MOST_ROWS and columns <= MOST_ACROSS and array.size <= MOST_NUMBERS


def grid(rows: Array) -> list[str]:
    """Return the rows of a matrix as text, each column as wide as its widest number."""
    cells = [[number(value) for value in row] for row in rows]
    return align(cells)


def align(cells: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells as text, with the columns flush on the right and two blanks between them."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]


def in_summary(array: Array) -> str:
    """Return in one line what an array's numbers are like."""
    if not array.size:
        return "no elements"
    found = summarise(array)
    if found.smallest == found.largest and found.is_finite:
        return f"all {number(found.smallest)}"
    finite = f"from {number(found.smallest)} to {number(found.largest)}, mean {number(found.mean)}"
    return "; ".join((finite, *oddities(found)))


def oddities(found: Summary) -> Iterator[str]:
    """Yield what deserves attention in an array: how many of its numbers are not finite, or zero."""
    for count, kind in ((found.nans, "NaN"), (found.infinities, "infinite"), (found.zeros, "zero")):
        if count:
            yield f"{count} of {found.size} {kind}"


def number(value: Any) -> str:
    """Return a number with five significant digits, an integer in full."""
    return str(value) if isinstance(value, np.integer | np.bool_) else text.number(float(value))
