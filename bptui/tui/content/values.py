"""An array as lines: what it is like as a whole, its cells as numbers or colours, and the selected one exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bptui.core import text
from bptui.explaining.whole_array import summary_facts
from bptui.lines.line import Line, Span, fitted, line_width, packed
from bptui.tui.content import heat
from bptui.tui.content.array_view import Look, Subject, cell_index, clamped, slices
from bptui.tui.content.table import number_at, number_lines, window_of
from layers import Array


def value_lines(subject: Subject, look: Look, width: int, height: int) -> tuple[Look, list[Line]]:
    """Return an array as lines, and the look brought to where there are cells, the selected one in sight."""
    if width < 1 or height < 1:
        return look, []
    if not subject.array.size:
        above = summary_lines(subject, width)[: max(0, height - 3)]
        return Look(as_heat=look.as_heat), [*above, fitted((Span("no elements", "dim"),), width)][:height]
    look = clamped(look, subject.array)
    above = above_lines(subject, look, width, height)
    room = height - len(above) - 1
    if room < 1 or not subject.array.ndim:
        return look, [*above, cell_line(subject, look, width)][:height]
    matrix = subject.matrix(look.slice)
    look, body = (heat_lines if look.as_heat else number_lines)(matrix, look, width, room)
    return look, [*above, *body, cell_line(subject, look, width)]


def above_lines(subject: Subject, look: Look, width: int, height: int) -> list[Line]:
    """Return what stands above the cells."""
    above = summary_lines(subject, width)[: max(0, height - 3)]
    if subject.array.ndim > 2 and height > len(above) + 2:
        above.append(slice_line(subject.array, look, width))
    return above


def look_pointed_at(subject: Subject, look: Look, size: tuple[int, int], place: tuple[int, int]) -> Look:
    """Return the look with the array's cell selected that is drawn at the cell ``place``, x and y, of a pane."""
    width, height = size
    if width < 1 or not subject.array.size:
        return look
    look = clamped(look, subject.array)
    above = len(above_lines(subject, look, width, height))
    room = height - above - 1
    if room < 1:
        return look
    matrix, there = subject.matrix(look.slice), (place[0], place[1] - above)
    at = heat_at(matrix, (width, room), there) if look.as_heat else number_at(matrix, look, (width, room), there)
    return look if at is None else replace(look, row=at[0], column=at[1])


def summary_lines(subject: Subject, width: int) -> list[Line]:
    """Return what is known of all elements, over as many lines as it takes."""
    if subject.array.ndim == 0 or not subject.array.size:
        return []
    summary = subject.summary
    if summary is None:
        return [fitted((Span(f"counting {subject.array.size:,} numbers …", "dim"),), width)]
    return packed([*summary_facts(summary, subject.style)], width)


def slice_line(array: Array, look: Look, width: int) -> Line:
    """Return which slice of an n-d array is in sight."""
    index = ", ".join(map(str, np.unravel_index(look.slice, array.shape[:-2])))
    line = (
        Span("slice ", "dim"),
        Span(f"[{index}, :, :]", "strong"),
        Span(f" {look.slice + 1} of {slices(array)}", "dim"),
    )
    return fitted(line, width)


def cell_line(subject: Subject, look: Look, width: int) -> Line:
    """Return the selected cell's place and exact number, and what it was an iteration ago if that was another."""
    place = cell_index(subject.array, look)
    value = subject.array[place]
    label = f"[{', '.join(map(str, place))}] " if place else ""
    line: Line = (Span(label, "dim"), Span(exact(value), "strong" if place else "selected"))
    if subject.before is not None and subject.before.shape == subject.array.shape:
        before = subject.before[place]
        if before != value and not (before != before and value != value):  # noqa: PLR0124  (NaN differs from itself)
            line = (*line, Span(f"  was {exact(before)}", "dim"))
    return fitted(line, width)


def exact(value: Array) -> str:
    """Return a number with all its digits, up to 17 of them."""
    it = np.asarray(value).item()
    return repr(it) if isinstance(it, int) or np.isfinite(it) else text.number(it)


def heat_lines(matrix: Subject, look: Look, width: int, height: int) -> tuple[Look, list[Line]]:
    """Return the colours in sight, the selected cell pointed at from above and from the left."""
    scale = scale_of(matrix)
    zoom, rows, columns = heat.fit(matrix.array.shape, width - 1, max(1, height - 2))
    if (rows, columns) != matrix.array.shape:
        return overview(matrix, look, width, height)
    look = replace(look, top=0, left=0, shown=matrix.array.shape)
    pointer = " " * (1 + look.column * zoom + (zoom - 1) // 2) + "▾"
    lines: list[Line] = [fitted(heat.legend(scale, width), width), fitted((Span(pointer, "strong"),), width)]
    marked = look.row * zoom // 2
    for at, row in enumerate(heat.heat_lines(matrix.array, scale, zoom)):
        lines.append(fitted((Span("▸" if at == marked else " ", "strong"), *row), width))
    return look, lines[-height:] if height < 3 else lines


def overview(matrix: Subject, look: Look, width: int, height: int) -> tuple[Look, list[Line]]:
    """Return a matrix that does not fit as a whole, downsampled, with a frame where its numbers would be in sight."""
    look = window_of(matrix, look, width, height).look
    small = heat.downsampled(matrix.array, *overview_shape(width, height))
    (down, across), (below, beside) = matrix.array.shape, small.shape
    rows, columns = look.shown
    frame = heat.Frame(
        heat.block_of(look.left, across, beside),
        heat.block_of(look.top, down, below) // 2,
        heat.block_of(look.left + columns - 1, across, beside),
        heat.block_of(look.top + rows - 1, down, below) // 2,
    )
    scale, skipped = scale_of(matrix), heat.rows_skipped(matrix.array)
    read: Line = (Span(f"  1 row in {skipped} is read", "dim"),) if skipped > 1 else ()
    legend = (*heat.legend(scale, width - line_width(read)), *read)
    lines = [legend, *heat.overview_lines(small, scale, frame)]
    return look, [fitted(line, width) for line in lines[:height]]


def overview_shape(width: int, height: int) -> tuple[int, int]:
    """Return how many rows and columns a whole matrix has at the most that is drawn below a legend."""
    return 2 * max(1, height - 1), max(1, width)


def overview_at(matrix: Subject, size: tuple[int, int], place: tuple[int, int]) -> tuple[int, int] | None:
    """Return the row and the column of the first number of the block whose colour is at the cell ``place``."""
    rows, columns = (min(most, many) for most, many in zip(overview_shape(*size), matrix.array.shape, strict=True))
    row, column = (place[1] - 1) * 2, place[0]
    if not (0 <= row < rows and 0 <= column < columns):
        return None
    return row * matrix.array.shape[0] // rows, column * matrix.array.shape[1] // columns


def heat_at(matrix: Subject, size: tuple[int, int], place: tuple[int, int]) -> tuple[int, int] | None:
    """Return the row and the column of the number whose colour is at the cell ``place``; of two, of the upper one."""
    zoom, rows, columns = heat.fit(matrix.array.shape, size[0] - 1, max(1, size[1] - 2))
    if (rows, columns) != matrix.array.shape:
        return overview_at(matrix, size, place)
    row, column = (place[1] - 2) * 2 // zoom, (place[0] - 1) // zoom
    if 0 <= row < rows and 0 <= column < columns:
        return row, column
    return None


def scale_of(matrix: Subject) -> float:
    """Return the number with the strongest colour: the largest of the array, or of a part of one not yet counted."""
    if (summary := matrix.summary) is not None:
        largest = max(abs(summary.smallest), abs(summary.largest))
        return largest if np.isfinite(largest) else 1.0
    part = np.abs(matrix.array[:64, :64])
    return float(part[np.isfinite(part)].max(initial=0.0))
