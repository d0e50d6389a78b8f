"""What the circuit writes at its wires: numbers as numbers, arrays as shape and norm."""

from __future__ import annotations

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


class ArrayTexts:
    """Arrays as text, each worked out once."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, int], tuple[Array, str]] = {}

    def text(self, array: Array, width: int) -> str:
        """Return an array in at most ``width`` cells, if it can be said in so few."""
        if not array.ndim:
            return compact(float(array), width)
        kept = self.kept.get((id(array), width))
        if kept is not None and kept[0] is array:
            return kept[1]
        if len(self.kept) >= MOST_KEPT:
            self.kept.clear()
        self.kept[id(array), width] = array, (written := array_text(array, width))
        return written


class LabelTexts:
    """The texts of a circuit's labels at ``moment``, as its painter asks for them."""

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self.arrays = ArrayTexts()

    def __call__(self, label: Label) -> Span:
        array = self.array(label)
        if array is None:
            return Span("")
        return Span(self.arrays.text(array, label.width), self.style(label))

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


def array_text(array: Array, width: int) -> str:
    """Return shape and norm, ``[2,3] ‖1.2‖``; the norm is left out where it does not fit or is not found quickly."""
    shape = f"[{','.join(map(str, array.shape))}]"
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
    return number(value, 1)
