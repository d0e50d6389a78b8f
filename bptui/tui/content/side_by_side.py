"""What two runs differ in, row by row, and a difference as two arrays side by side, its elements marked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bptui.core.order import Pass
from bptui.core.tape_diff import Difference
from bptui.core.text import index as index_text
from bptui.core.text import number, shape, visible
from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span, fitted
from bptui.lines.number_grid import number_grid
from bptui.lines.signs import PASS_SIGNS
from bptui.lines.table import flush_left
from bptui.tui.content.array_view import follow, matrix_of
from layers import Array

MARK = "≠"
"""Stands before a number that the other side has otherwise."""

GAP = "   │ "


def difference_rows(differences: Sequence[Difference], labels: tuple[str, str], width: int) -> tuple[Line, list[Line]]:
    """Return the heads of the columns, and a row for each difference: where, the two numbers, how far apart.

    Where they do not fit, the last column goes: below stands how many elements differ in the chosen array.
    """
    texts = [difference_cells(it) for it in differences]
    first, *lines = flush_left([("step", "what", *labels, "apart, of the largest", "elements"), *texts])
    if max(map(cells, (first, *lines))) > width:
        first, *lines = flush_left([("step", "what", *labels, "apart"), *(row[:-1] for row in texts)])
    styles = [it.turn.pass_.value for it in differences]
    rows: list[Line] = [(Span(it[:2], style), Span(it[2:])) for it, style in zip(lines, styles, strict=True)]
    return (Span(first, "dim"),), rows


def difference_cells(it: Difference) -> tuple[str, ...]:
    """Return what the row of a difference says, cell by cell."""
    place = f"{visible(it.turn.name, limit=30)}{index_text(it.index) if it.index else ''}"
    what = f"{visible(it.what, limit=30)} at {place}" if it.what else place
    step = f"{PASS_SIGNS[it.turn.pass_]} {it.step}"
    if it.numbers is None:
        shapes = ["none" if array is None else shape(array) for array in (it.array, it.other)]
        return (step, what, *shapes, "", "")
    one, two = it.numbers
    share = f"{it.count:,} of {it.array.size:,}" if it.array is not None and it.array.size > 1 else ""
    return (step, what, number(one), number(two), number(it.relative, 2), share)


def side_by_side(it: Difference, labels: tuple[str, str], width: int, height: int) -> list[Line]:
    """Return the two arrays of a difference beside each other, around the element that is furthest apart."""
    if it.array is None or it.other is None or it.index is None:
        return [fitted((Span(f" one of the two has no such array: {labels[0]} or {labels[1]}", "dim"),), width)]
    matrix = slice_of(it.index, it.array)
    one, two = matrix_of(it.array, matrix), matrix_of(it.other, matrix)
    half = (width - len(GAP)) // 2
    top, left, rows, columns = window_around(it.index, one, two, half, height - 2)
    parts = [array[top : top + rows, left : left + columns] for array in (one, two)]
    texts = number_grid(np.vstack(parts))
    differs = ~((parts[0] == parts[1]) | (np.isnan(parts[0]) & np.isnan(parts[1])))
    head = (fitted((Span(f" {labels[0]}", "strong"),), half), fitted((Span(labels[1], "strong"),), half))
    lines: list[Line] = [(*head[0], Span(GAP, "frame"), *head[1])]
    for row, marks in enumerate(differs.tolist()):
        here, there = marked_cells(texts[row], marks), marked_cells(texts[rows + row], marks)
        lines.append((*fitted((Span(" "), *here), half), Span(GAP, "frame"), *fitted(there, half)))
    return [*lines, fitted((Span(f" {window_words(it, top, left, rows, columns)}", "dim"),), width)]


def marked_cells(texts: Sequence[str], marks: Sequence[bool]) -> Line:
    """Return the numbers of a row, those that differ marked."""
    return tuple(
        [Span(f"{MARK if it else ' '}{text} ", "changed" if it else "") for text, it in zip(texts, marks, strict=True)]
    )


def slice_of(index: tuple[int, ...], array: Array) -> int:
    """Return which matrix of an array an element stands in."""
    return int(np.ravel_multi_index(index[:-2], array.shape[:-2])) if array.ndim > 2 else 0


def window_around(index: tuple[int, ...], one: Array, two: Array, width: int, height: int) -> tuple[int, int, int, int]:
    """Return the first row and column of the part of a matrix that is shown around an element, and how many of each."""
    row, column = (0, *index)[-2:] if index else (0, 0)
    rows = max(1, min(height, one.shape[0]))
    top = follow(max(0, row - rows // 2), row, rows, one.shape[0])
    columns = one.shape[1]
    while True:
        left = follow(max(0, column - columns // 2), column, columns, one.shape[1])
        seen = np.vstack([array[top : top + rows, left : left + columns] for array in (one, two)])
        taken = columns * (len(number_grid(seen)[0][0]) + 2) + 1
        if taken <= width or columns == 1:
            return top, left, rows, columns
        columns = max(1, min(columns - 1, columns * width // taken))


def window_words(it: Difference, top: int, left: int, rows: int, columns: int) -> str:
    """Return what is seen of an array, and how many of its elements differ."""
    assert it.array is not None
    assert it.index is not None
    height, width = matrix_of(it.array, 0).shape
    is_one = it.array.size == 1
    told = [f"{MARK} its number" if is_one else f"{MARK} {it.count:,} of {it.array.size:,} elements"]
    if it.array.ndim > 2:
        told.append(f"matrix {list(it.index[:-2])}")
    if rows < height:
        told.append(f"rows {top}-{top + rows - 1} of {height}")
    if columns < width:
        told.append(f"columns {left}-{left + columns - 1} of {width}")
    return " · ".join(told)


def rule_below(top: int, shown: int, count: int, width: int) -> Line:
    """Return the rule below a list, in which stands how many of its rows are out of sight above and below."""
    sides = (("↑", top), ("↓", count - top - shown))
    hidden = " ".join(f"{arrow} {rows} more" for arrow, rows in sides if rows > 0)
    if not hidden:
        return (Span("─" * width, "frame"),)
    return (Span("─ ", "frame"), Span(hidden, "dim"), Span(f" {'─' * (width - cells(hidden) - 3)}", "frame"))


def titled(it: Difference) -> Line:
    """Return what the two arrays are."""
    what = f"{visible(it.what, limit=60)} at " if it.what else ""
    words = {Pass.FORWARD: "value", Pass.BACKWARD: "backward", Pass.UPDATE: "update"}[it.turn.pass_]
    return (Span(f" {what}{visible(it.turn.name, limit=40)}", "title"), Span(f"  {words}, step {it.step}", "dim"))
