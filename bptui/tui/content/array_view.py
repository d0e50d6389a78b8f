"""How an array is looked at: which of its cells are in sight, and which one is selected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bptui.core.array_summary import Summary
from bptui.deferred_dataclass import dataclass
from layers import Array


@dataclass(frozen=True)
class ArrayView:
    """The selected cell, the first row and column in sight, and which matrix of an array with more than two axes.

    ``shown`` is how many rows and columns are in sight, once they have been drawn.
    """

    row: int = 0
    column: int = 0
    top: int = 0
    left: int = 0
    shown: tuple[int, int] = (0, 0)
    slice: int = 0
    as_heat: bool = False


@dataclass(frozen=True, eq=False)
class ViewedArray:
    """What is looked at: an array, the one from an iteration ago, and what is known of all its elements."""

    array: Array
    before: Array | None = None
    summary: Summary | None = None
    style: str = "value"

    def matrix(self, number: int) -> ViewedArray:
        """Return the ``number``-th matrix of it, with the one before where that has the same shape."""
        is_comparable = self.before is not None and self.before.shape == self.array.shape
        before = matrix_of(self.before, number) if self.before is not None and is_comparable else None
        return replace(self, array=matrix_of(self.array, number), before=before)


def matrix_of(array: Array, number: int) -> Array:
    """Return the ``number``-th matrix of an array; a vector is a matrix of one row, and a scalar one of one cell."""
    if array.ndim <= 2:
        return array.reshape(1, -1) if array.ndim < 2 else array
    return array[np.unravel_index(number, array.shape[:-2])]


def slices(array: Array) -> int:
    """Return how many matrices an array has."""
    return int(np.prod(array.shape[:-2])) if array.ndim > 2 else 1


def clamped(view: ArrayView, array: Array) -> ArrayView:
    """Return a view of a cell that there is."""
    number = min(view.slice, slices(array) - 1)
    rows, columns = matrix_of(array, number).shape
    return replace(view, slice=number, row=min(view.row, rows - 1), column=min(view.column, columns - 1))


def cell_index(array: Array, view: ArrayView) -> tuple[int, ...]:
    """Return the selected cell's index in the whole array."""
    if array.ndim < 2:
        return (view.column,) * array.ndim
    return (*map(int, np.unravel_index(view.slice, array.shape[:-2])), view.row, view.column)


def view_of_element(view: ArrayView, index: Sequence[int], array: Array) -> ArrayView:
    """Return a view of the element of an array that has this index."""
    if array.ndim < 2:
        return replace(view, slice=0, row=0, column=index[0] if index else 0)
    number = int(np.ravel_multi_index(tuple(index[:-2]), array.shape[:-2])) if array.ndim > 2 else 0
    return replace(view, slice=number, row=index[-2], column=index[-1])


def follow(first: int, selected: int, shown: int, total: int) -> int:
    """Return the first row or column to show so that the selected one is in sight, and no room is left at the end."""
    first = max(selected - shown + 1, min(first, selected))
    return max(0, min(first, total - shown))


def sight(view: ArrayView, array: Array) -> str:
    """Return in words which rows and columns are in sight, as far as that is not all of them."""
    if not array.ndim or not array.size:
        return ""
    totals = matrix_of(array, view.slice).shape
    names = ("rows", "columns") if array.ndim > 1 else ("", "elements")
    spans = zip(names, (view.top, view.left), view.shown, totals, strict=True)
    return " · ".join(
        f"{name} {first}-{first + shown - 1} of {total:,}" for name, first, shown, total in spans if 0 < shown < total
    )


def largest(array: Array) -> tuple[int, ...]:
    """Return the index of the finite element that is largest by size; of an array without one, of the first."""
    sizes = np.abs(array, dtype=np.float64) if array.dtype.kind == "b" else np.abs(array)
    place = int(np.argmax(np.where(np.isfinite(sizes), sizes, -1)))
    return tuple(map(int, np.unravel_index(place, array.shape)))


def next_not_finite(array: Array, index: Sequence[int]) -> tuple[int, ...] | None:
    """Return the index of the next NaN or infinity after ``index``, going round; None where there is none."""
    places = np.flatnonzero(~np.isfinite(array))
    if not places.size:
        return None
    here = int(np.ravel_multi_index(tuple(index), array.shape))
    after = int(np.searchsorted(places, here, side="right"))
    return tuple(map(int, np.unravel_index(int(places[after % places.size]), array.shape)))
