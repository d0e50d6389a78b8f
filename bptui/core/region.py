"""A part of a value, as it is typed: all of it, or what stands at an index, ``x``, ``x[1]`` or ``x[1, 0]``."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bptui.core.assignment import gradient_element
from bptui.core.reader import Reader
from bptui.core.text import index, shape_in_words, visible
from bptui.deferred_dataclass import dataclass
from bptui.errors import BptuiError, CommandError
from layers import Shape

Index: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Region:
    """A value, or the elements of it at an ``index`` of as many axes as it has, or fewer."""

    name: str
    index: Index = ()

    def __str__(self) -> str:
        return f"{visible(self.name, limit=40)}{index(self.index) if self.index else ''}"

    def mask(self, shape: Shape) -> NDArray[np.bool_]:
        """Return which elements of an array of a shape are meant. Raises BptuiError where there are none such."""
        found = np.zeros(shape, dtype=bool)
        try:
            found[self.index] = True
        except IndexError:
            what = f"{visible(self.name, limit=40)} is {shape_in_words(shape)}"
            raise BptuiError(f"{what}: there is no element {index(self.index)} in it") from None
        return found


@dataclass(frozen=True)
class Independence:
    """That no element of ``of`` depends on one of ``on``."""

    of: Region
    on: Region


def read_region(text: str) -> Region:
    """Return the part of a value that a text means. Raises CommandError, which points at what is wrong."""
    reader = Reader(text)
    is_gradient, name, place = gradient_element(reader)
    if is_gradient:
        raise CommandError("a dependence is of values, not of gradients", text, 0)
    if not reader.is_at_end:
        raise reader.error("this does not belong to an element such as x[0, 2]")
    return Region(name, place or ())
