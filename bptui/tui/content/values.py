"""An array as lines: what it is like as a whole, its cells as numbers or colours, and the selected one exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bptui.core import text
from bptui.explaining.whole_array import summary_facts
from bptui.lines.line import Line, Span, fitted, line_width, packed
from bptui.tui.content import heat
from bptui.tui.content.array_view import ArrayView, ViewedArray, cell_index, clamped, slices
from bptui.tui.content.table import number_at, number_lines, window_of
from layers import Array


def value_lines(subject: ViewedArray, view: ArrayView, width: int, height: int) -> tuple[ArrayView, list[Line]]:
    """Return an array as lines, and the view brought to where there are cells, the selected one in sight."""
    if width < 1 or height < 1:
        return view, []
    if not subject.array.size:
        above = summary_lines(subject, width)[: max(0, height - 3)]
        return ArrayView(as_heat=view.as_heat), [*above, fitted((Span("no elements", "dim"),), width)][:height]
    view = clamped(view, subject.array)
    above = above_lines(subject, view, width, height)
    room = height - len(above) - 1
    if room < 1 or not subject.array.ndim:
        return view, [*above, cell_line(subject, view, width)][:height]
    matrix = subject.matrix(view.slice)
    view, body = (heat_map_lines if view.as_heat else number_lines)(matrix, view, width, room)
    return view, [*above, *body, cell_line(subject, view, width)]


def above_lines(subject: ViewedArray, view: ArrayView, width: int, height: int) -> list[Line]:
    """Return what stands above the cells."""
    above = summary_lines(subject, width)[: max(0, height - 3)]
    if subject.array.ndim > 2 and height > len(above) + 2:
        above.append(slice_line(subject.array, view, width))
    return above


def view_of_place(subject: ViewedArray, view: ArrayView, size: tuple[int, int], place: tuple[int, int]) -> ArrayView:
    """Return the view with the array's cell selected that is drawn at the cell ``place``, x and y, of a pane."""
    width, height = size
    if width < 1 or not subject.array.size:
        return view
    view = clamped(view, subject.array)
    above = len(above_lines(subject, view, width, height))
    room = height - above - 1
    if room < 1:
        return view
    matrix, there = subject.matrix(view.slice), (place[0], place[1] - above)
    at = heat_at(matrix, (width, room), there) if view.as_heat else number_at(matrix, view, (width, room), there)
    return view if at is None else replace(view, row=at[0], column=at[1])


def summary_lines(subject: ViewedArray, width: int) -> list[Line]:
    """Return what is known of all elements, over as many lines as it takes."""
    if subject.array.ndim == 0 or not subject.array.size:
        return []
    summary = subject.summary
    if summary is None:
        return [fitted((Span(f"counting {subject.array.size:,} numbers …", "dim"),), width)]
    return packed([*summary_facts(summary, subject.style)], width)


def slice_line(array: Array, view: ArrayView, width: int) -> Line:
    """Return which slice of an n-d array is in sight."""
    index = ", ".join(map(str, np.unravel_index(view.slice, array.shape[:-2])))
    line = (
        Span("slice ", "dim"),
        Span(f"[{index}, :, :]", "strong"),
        Span(f" {view.slice + 1} of {slices(array)}", "dim"),
    )
    return fitted(line, width)


def cell_line(subject: ViewedArray, view: ArrayView, width: int) -> Line:
    """Return the selected cell's place and exact number, and what it was an iteration ago if that was another."""
    place = cell_index(subject.array, view)
    value = subject.array[place]
    label = f"{text.index(place)} " if place else ""
    line: Line = (Span(label, "dim"), Span(exact_number(value), "strong" if place else "selected"))
    if subject.before is not None and subject.before.shape == subject.array.shape:
        before = subject.before[place]
        if before != value and not (before != before and value != value):  # noqa: PLR0124  (NaN differs from itself)
            line = (*line, Span(f"  was {exact_number(before)}", "dim"))
    return fitted(line, width)


def exact_number(value: Array) -> str:
    """Return a number with all its digits, up to 17 of them; a whole one without a point, as everywhere."""
    it = np.asarray(value).item()
    return repr(it).removesuffix(".0") if isinstance(it, int) or np.isfinite(it) else text.number(it)


def heat_map_lines(matrix: ViewedArray, view: ArrayView, width: int, height: int) -> tuple[ArrayView, list[Line]]:
    """Return the colours in sight, the selected cell pointed at from above and from the left."""
    scale = scale_of(matrix)
    zoom, rows, columns = heat.heat_fit(matrix.array.shape, width - 1, max(1, height - 2))
    if (rows, columns) != matrix.array.shape:
        return overview(matrix, view, width, height)
    view = replace(view, top=0, left=0, shown=matrix.array.shape)
    pointer = " " * (1 + view.column * zoom + (zoom - 1) // 2) + "▾"
    lines: list[Line] = [fitted(heat.legend(scale, width), width), fitted((Span(pointer, "strong"),), width)]
    marked = view.row * zoom // 2
    for at, row in enumerate(heat.colour_rows(matrix.array, scale, zoom)):
        lines.append(fitted((Span("▸" if at == marked else " ", "strong"), *row), width))
    return view, lines[-height:] if height < 3 else lines


def overview(matrix: ViewedArray, view: ArrayView, width: int, height: int) -> tuple[ArrayView, list[Line]]:
    """Return a matrix that does not fit as a whole, downsampled, with a frame where its numbers would be in sight."""
    view = window_of(matrix, view, width, height).view
    small = heat.downsampled(matrix.array, *overview_shape(width, height))
    (down, across), (below, beside) = matrix.array.shape, small.shape
    rows, columns = view.shown
    frame = heat.Frame(
        heat.block_of(view.left, across, beside),
        heat.block_of(view.top, down, below) // 2,
        heat.block_of(view.left + columns - 1, across, beside),
        heat.block_of(view.top + rows - 1, down, below) // 2,
    )
    scale, skipped = scale_of(matrix), heat.rows_skipped(matrix.array)
    read: Line = (Span(f"  1 row in {skipped} is read", "dim"),) if skipped > 1 else ()
    legend = (*heat.legend(scale, width - line_width(read)), *read)
    lines = [legend, *heat.overview_lines(small, scale, frame)]
    return view, [fitted(line, width) for line in lines[:height]]


def overview_shape(width: int, height: int) -> tuple[int, int]:
    """Return how many rows and columns a whole matrix has at the most that is drawn below a legend."""
    return 2 * max(1, height - 1), max(1, width)


def overview_at(matrix: ViewedArray, size: tuple[int, int], place: tuple[int, int]) -> tuple[int, int] | None:
    """Return the row and the column of the first number of the block whose colour is at the cell ``place``."""
    rows, columns = (min(most, many) for most, many in zip(overview_shape(*size), matrix.array.shape, strict=True))
    row, column = (place[1] - 1) * 2, place[0]
    if not (0 <= row < rows and 0 <= column < columns):
        return None
    return row * matrix.array.shape[0] // rows, column * matrix.array.shape[1] // columns


def heat_at(matrix: ViewedArray, size: tuple[int, int], place: tuple[int, int]) -> tuple[int, int] | None:
    """Return the row and the column of the number whose colour is at the cell ``place``; of two, of the upper one."""
    zoom, rows, columns = heat.heat_fit(matrix.array.shape, size[0] - 1, max(1, size[1] - 2))
    if (rows, columns) != matrix.array.shape:
        return overview_at(matrix, size, place)
    row, column = (place[1] - 2) * 2 // zoom, (place[0] - 1) // zoom
    if 0 <= row < rows and 0 <= column < columns:
        return row, column
    return None


def scale_of(matrix: ViewedArray) -> float:
    """Return the number with the strongest colour: the largest of the array, or of a part of one not yet counted."""
    if (summary := matrix.summary) is not None:
        largest = max(abs(summary.smallest), abs(summary.largest))
        return largest if np.isfinite(largest) else 1.0
    part = np.abs(matrix.array[:64, :64])
    return float(part[np.isfinite(part)].max(initial=0.0))
