"""What the circuit writes at its wires: numbers as numbers, of an array's value the shape and the norm.

A gradient has its value's shape, so of it there is the norm alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add

import numpy as np

from bptui.circuit import Label
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.text import number
from bptui.lines.line import Span
from layers import Array

LARGEST_NORM = 10_000
"""Elements up to which a norm is worth its time at every key; a larger array shows its shape alone."""

MOST_KEPT = 2_000

NARROWEST_SHAPE, WIDEST_SHAPE = 6, 12
"""Cells of a label that has room for a shape alone."""


WIDEST_LABEL = 16
"""Cells of a label that has room for a matrix's shape and all digits of its norm."""


class ArrayTexts:
    """Arrays as text, each worked out once."""

    def __init__(self) -> None:
        self.kept: dict[tuple[object, ...], tuple[Array, str]] = {}

    def text(self, array: Array, width: int) -> str:
        """Return an array in at most ``width`` cells, if it can be said in so few."""
        return self.written(array, width, array_text)

    def norm(self, array: Array, width: int) -> str:
        """Return an array's norm in at most ``width`` cells, or its shape where the norm takes too long."""
        return self.written(array, width, norm_text)

    def written(self, array: Array, width: int, write: Callable[[Array, int], str]) -> str:
        """Return what ``write`` makes of an array, or a scalar's number."""
        if not array.ndim:
            return compact(float(array), width)
        key = (id(array), width, write)
        kept = self.kept.get(key)
        if kept is not None and kept[0] is array:
            return kept[1]
        if len(self.kept) >= MOST_KEPT:
            self.kept.clear()
        self.kept[key] = array, (text := write(array, width))
        return text


class LabelTexts:
    """The texts of a circuit's labels at ``moment``, as its painter asks for them."""

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self.arrays = ArrayTexts()

    def __call__(self, label: Label) -> Span:
        array = self.array(label)
        if array is None:
            return Span("")
        write = self.arrays.text if label.kind == "value" else self.arrays.norm
        return Span(write(array, label.width), self.style(label))

    def array(self, label: Label) -> Array | None:
        """Return what a label is about, None where it is not known yet."""
        moment = self.moment
        if label.kind == "value":
            return moment.value(label.name)
        if label.uses is None:
            return moment.gradient(label.name)
        shares = [share for use in label.uses if (share := moment.contribution(use)) is not None]
        if not shares or shares[0].size > LARGEST_NORM:
            return shares[0] if shares else None
        return np.asarray(reduce(add, shares))

    def style(self, label: Label) -> str:
        """Return the style: marked where this step made it."""
        is_value = label.kind == "value"
        if label.name in self.moment.changed and is_value == (self.moment.pass_ is not Pass.BACKWARD):
            return "changed"
        return "value" if is_value else "gradient"


def label_widths(moment: Moment) -> tuple[int, int]:
    """Return the cells that a label has at the least and at the most: arrays need more than scalars do."""
    known = (moment.value(name) for name in moment.graph.leaves)
    longest = max((len(shape_text(array)) for array in known if array is not None and array.ndim), default=0)
    return (min(max(longest, NARROWEST_SHAPE), WIDEST_SHAPE), WIDEST_LABEL) if longest else (6, 9)


def shape_text(array: Array) -> str:
    """Return an array's shape in few cells: ``[2,3]``."""
    return f"[{','.join(map(str, array.shape))}]"


def norm_text(array: Array, width: int) -> str:
    """Return ``‖1.2‖``, or the shape where the norm is not found quickly."""
    if array.size > LARGEST_NORM or array.dtype.kind != "f":
        return shape_text(array)
    return f"‖{compact(float(np.sqrt(np.vdot(array, array))), width - 2)}‖"


def array_text(array: Array, width: int) -> str:
    """Return shape and norm, ``[2,3] ‖1.2‖``; the norm is left out where it does not fit or is not found quickly."""
    shape = shape_text(array)
    room = width - len(shape) - 3
    if room < len("0.12") or array.size > LARGEST_NORM or array.dtype.kind != "f":
        return shape
    norm = float(np.sqrt(np.vdot(array, array)))
    written = compact(norm, room)
    return f"{shape} ‖{written}‖" if len(written) <= room else shape


def compact(value: float, width: int) -> str:
    """Return a number with as many digits, up to five, as fit into ``width`` cells."""
    for digits in range(5, 1, -1):
        if len(written := number(value, digits)) <= width:
            return written
    return f"{value:.0e}"
