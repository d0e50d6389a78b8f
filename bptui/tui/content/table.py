"""A matrix as a table of numbers: only the rows and columns in sight are read and formatted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from bptui.lines.line import Line, Span, fitted
from bptui.lines.number_grid import columns_that_fit
from bptui.tui.content.array_view import ArrayView, ViewedArray, follow
from layers import Array


class NumberWindow(NamedTuple):
    """The numbers in sight as ``texts``, the view that has the selected one among them, and what stands around them."""

    view: ArrayView
    texts: list[list[str]]
    margin: int
    has_header: bool


def window_of(matrix: ViewedArray, view: ArrayView, width: int, height: int) -> NumberWindow:
    """Return the numbers that a pane of this size shows."""
    total = matrix.array.shape[0]
    has_header = height > 2 and matrix.array.shape[1] > 1
    shown = height - has_header
    top = follow(view.top, view.row, min(shown, total), total)
    margin = len(str(min(top + shown, total) - 1)) + 1 if total > 1 else 0
    rows = slice(top, top + shown)
    left, texts = columns_in_sight(matrix.array[rows], view, max(1, width - margin))
    view = replace(view, top=top, left=left, shown=(len(texts), len(texts[0])))
    return NumberWindow(view, texts, margin, has_header)


def number_at(
    matrix: ViewedArray, view: ArrayView, size: tuple[int, int], place: tuple[int, int]
) -> tuple[int, int] | None:
    """Return the row and the column of the number that stands at the cell ``place``, x and y, of a pane."""
    window = window_of(matrix, view, *size)
    x, y = place[0] - window.margin, place[1] - window.has_header
    column = x // (len(window.texts[0][0]) + 1)
    if 0 <= y < len(window.texts) and 0 <= column < len(window.texts[0]):
        return window.view.top + y, window.view.left + column
    return None


def number_lines(matrix: ViewedArray, view: ArrayView, width: int, height: int) -> tuple[ArrayView, list[Line]]:
    """Return the numbers in sight below their columns' numbers, and the view that has the selected one among them."""
    view, texts, margin, has_header = window_of(matrix, view, width, height)
    top, left = view.top, view.left
    marks = changed_cells(matrix, (slice(top, top + len(texts)), slice(left, left + len(texts[0]))))
    lines = [header_line(view, texts[0], margin, width)] if has_header else []
    for row, (numbers, changed) in enumerate(zip(texts, marks, strict=True), start=top):
        label = Span(f"{row:>{margin - 1}} " if margin else "", "strong" if row == view.row else "dim")
        selected = view.column - left if row == view.row else -1
        spans = [Span(it, number_style(it, matrix.style)) for it in numbers]
        spans = [Span(it.text, "changed") if mark else it for it, mark in zip(spans, changed, strict=True)]
        if selected >= 0:
            spans[selected] = Span(spans[selected].text, "selected")
        lines.append(fitted((label, *spaced(spans)), width))
    return view, lines


def spaced(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield ``spans`` with a gap between two."""
    for place, span in enumerate(spans):
        if place:
            yield Span(" ")
        yield span


def number_style(number: str, style: str) -> str:
    """Return the style of one number: what is not finite stands out, and zeros stand back."""
    match number.strip():
        case "NaN" | "Inf" | "-Inf":
            return "error"
        case "0" | "-0":
            return "dim"
    return style


def changed_cells(matrix: ViewedArray, window: tuple[slice, slice]) -> list[list[bool]]:
    """Return for each cell of ``window`` whether it is another number than it was; NaN stays NaN."""
    now = matrix.array[window]
    if matrix.before is None:
        return np.zeros(now.shape, dtype=bool).tolist()
    then = matrix.before[window]
    return ((now != then) & ~(np.isnan(now) & np.isnan(then))).tolist()


def header_line(view: ArrayView, texts: Sequence[str], margin: int, width: int) -> Line:
    """Return the columns' numbers, each at the right end of its column."""
    labels = [str(view.left + at).rjust(len(it))[-len(it) :] for at, it in enumerate(texts)]
    spans = [Span(it, "strong" if view.left + at == view.column else "dim") for at, it in enumerate(labels)]
    return fitted((Span(" " * margin), *spaced(spans)), width)


def columns_in_sight(rows: Array, view: ArrayView, width: int) -> tuple[int, list[list[str]]]:
    """Return the first column in sight and the numbers' texts, such that the selected column is among them."""
    left = min(view.left, view.column)
    texts = columns_that_fit(rows[:, left:], width)
    while view.column >= left + len(texts[0]):
        left = view.column - len(texts[0]) + 1
        texts = columns_that_fit(rows[:, left:], width)
    return left, texts
