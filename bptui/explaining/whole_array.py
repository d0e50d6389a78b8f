"""An array as lines of its own: all of a small one, in columns, and of a large one what its numbers are like."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bptui.core import text
from bptui.core.array_summary import Summary, summarise
from bptui.explaining.formula_words import inline
from bptui.lines.line import Line, Span, styled
from bptui.lines.number_grid import number_grid
from layers import Array

MOST_ACROSS = 12
MOST_ROWS = 12
MOST_NUMBERS = 96
"""The largest array that is written in full, if its rows and columns are no more than those."""


def named_array(name: str, array: Array) -> Iterator[Line]:
    """Yield a value with its name: ``apple = 100``, or its shape and then its numbers."""
    if (row := one_row(array)) is not None:
        yield styled(f"{text.visible(name)} = {row}")
        return
    yield styled(f"{text.visible(name)}  {text.shape(array)}")
    yield from whole_array(array, indent=2)


def one_row(array: Array) -> str | None:
    """Return a scalar or a short vector in one line, None for anything larger."""
    return inline(array, most=MOST_ACROSS)


def whole_array(array: Array, *, indent: int) -> Iterator[Line]:
    """Yield an array's numbers where they are few, and otherwise what they are like."""
    if not is_small(array):
        yield (Span(" " * indent), *summary_line(array))
    elif (row := one_row(array)) is not None:
        yield styled(row, indent=indent)
    else:
        for index in np.ndindex(array.shape[:-2]):
            if index:
                yield styled(text.index(index), "dim", indent=indent)
            for cells in number_grid(array[index]) if array.size else ():
                yield styled("  ".join(cells), indent=indent)


def is_small(array: Array) -> bool:
    """Return whether an array is written in full."""
    rows, columns = (1, 1, *array.shape)[-2:]
    return rows <= MOST_ROWS and columns <= MOST_ACROSS and array.size <= MOST_NUMBERS


def summary_line(array: Array) -> Line:
    """Return in one line what an array's numbers are like."""
    if not array.size:
        return styled("no elements", "dim")
    found = summarise(array)
    if found.smallest == found.largest and found.is_finite:
        return styled(f"all {text.number(found.smallest)}", "dim")
    facts = [*summary_facts(found, "dim")]
    return tuple(span for place, fact in enumerate(facts) for span in ((Span("  "), *fact) if place else fact))


def summary_facts(found: Summary, style: str) -> Iterator[Line]:
    """Yield what is known of all elements of an array, and how many deserve attention: NaN, infinities and zeros."""
    norm = "norm" if found.is_finite else "finite norm"
    known = (("min", found.smallest), ("max", found.largest), ("mean", found.mean), (norm, found.norm))
    for label, value in known:
        yield Span(f"{label} ", "dim"), Span(text.number(value), style)
    counts = (("zero", found.zeros, ""), ("NaN", found.nans, "error"), ("Inf", found.infinities, "error"))
    for label, count, alarm in counts:
        if count:
            yield Span(f"{label} ", "dim"), Span(f"{count:,} of {found.size:,}", alarm)
