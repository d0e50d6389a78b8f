"""Arrays as lines among sentences and equations: a name, a shape and as many of the numbers as there is room for."""

from __future__ import annotations

import numpy as np

from bptui.core import text
from bptui.explaining.formula_words import inline
from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span, line_width
from bptui.lines.number_grid import columns_that_fit
from bptui.lines.paragraph import paragraph
from layers import Array

MOST_ROWS = 5
"""Rows of an array that stand among sentences; the value panel shows any array whole."""

INDENT = 2
LABEL_ROOM = 14


def array_lines(label: str, array: Array | None, width: int, style: str) -> list[Line]:
    """Return a name, its array's shape and as many of the numbers as suit a sentence, beside it or below it."""
    if array is None:
        return []
    if (numbers := inline(array)) is not None:
        line = (Span(label, "dim"), Span(" = ", "dim"), Span(numbers, style))
        if line_width(line) <= width:
            return [line]
        return [*paragraph(label, width, "dim"), *paragraph(numbers, width, style, indent=2)]
    matrix = first_matrix(array)
    rows, shown = corner_of(matrix, width - INDENT)
    title = f"{label} {text.shape(array)}{named_slice(array) if rows else ''}{cut_away(matrix, shown)}"
    if not rows:
        return paragraph(title, width, "dim")
    start = max(LABEL_ROOM, cells(title) + 2)
    if start + len(rows[0]) > width:
        return [*paragraph(title, width, "dim"), *((Span(" " * INDENT + row, style),) for row in rows)]
    first: Line = (Span(title, "dim"), Span(" " * (start - cells(title)) + rows[0], style))
    return [first, *((Span(" " * start + row, style),) for row in rows[1:])]


def corner(array: Array, width: int) -> list[str]:
    """Return as many of an array's first rows and columns as fit, all of one length; of more axes, nothing."""
    return corner_of(array, width)[0] if array.ndim <= 2 else []


def first_matrix(array: Array) -> Array:
    """Return the first slice of an array with more than two axes; any other array as it is."""
    return array if array.ndim <= 2 or not array.size else np.asarray(array[(0,) * (array.ndim - 2)])


def named_slice(array: Array) -> str:
    """Return which of an array's slices its first one is: `` [0, 0, :, :]``; nothing where it has but one."""
    several = int(np.prod(array.shape[:-2])) > 1
    return f" of which [{', '.join(['0'] * (array.ndim - 2))}, :, :]" if several else ""


def cut_away(array: Array, shown: tuple[int, int]) -> str:
    """Return in words which of a matrix's rows and columns are shown, where that is not all of them."""
    rows, columns = array.shape if array.ndim == 2 else (1, array.size)
    parts = [f"rows 0-{shown[0] - 1}"] if 0 < shown[0] < rows else []
    parts += [f"{'columns' if array.ndim == 2 else 'elements'} 0-{shown[1] - 1}"] if 0 < shown[1] < columns else []
    return f" {', '.join(parts)}" if parts else ""


def corner_of(array: Array, width: int) -> tuple[list[str], tuple[int, int]]:
    """Return the corner of an array as lines, and how many rows and columns it has."""
    if not array.size:
        return [], (0, 0)
    matrix = array.reshape(1, -1) if array.ndim == 1 else array
    shown = MOST_ROWS if matrix.shape[0] <= MOST_ROWS else MOST_ROWS - 1
    texts = columns_that_fit(matrix[:shown], width)
    columns = len(texts[0])
    if columns < matrix.shape[1]:
        texts = columns_that_fit(matrix[:shown, :columns], width - 2)
        columns = len(texts[0])
        texts = [[*row, "…"] for row in texts]
    rows = [" ".join(row) for row in texts]
    if len(rows[0]) > width:
        return [], (0, 0)
    return rows if shown >= matrix.shape[0] else [*rows, "⋮".ljust(len(rows[0]))], (len(texts), columns)
