"""What nodes have made, added up and times a number, recognised bit for bit: ``h = (h0 + h1) * 0.5``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce

import numpy as np

from bptui.programs.array_sums import runs_like
from bptui.programs.array_views import Derived, is_equal
from bptui.programs.seen_values import SeenValue
from layers import Array

SCALED = frozenset({"Scale", "ScaledSum"})
"""What such nodes are called: of one value, or of several."""

FEWEST = 3
"""Elements that an array must have: any number is another one times something."""


def find_scaled_sums(value: SeenValue, products: Sequence[SeenValue]) -> Iterator[Derived]:
    """Yield how a value is one of ``products``, or the sum of some that were made one after the other, times a number.

    Whether it was multiplied by a *number* its elements do not tell: what is divided by its own norm looks the same.
    """
    if value.array.size < FEWEST or value.array.dtype.kind != "f" or value.is_constant:
        return
    with np.errstate(all="ignore"):
        for addends in runs_like(value, products):
            total = reduce(np.add, [it.array for it in addends])
            if options := number_between(total, value.array):
                yield Derived("Scale" if len(addends) == 1 else "ScaledSum", options, addends)


def number_between(total: Array, value: Array) -> Mapping[str, float] | None:
    """Return the number by which ``total`` is multiplied, or divided, to the very bits of ``value``; None for 1."""
    place = int(np.argmax(np.abs(total)))
    largest, there = float(total.flat[place]), float(value.flat[place])
    if not largest or not there or not np.isfinite(largest / there) or largest == there:
        return None
    some = slice(2 * FEWEST)
    if not np.allclose(total.flat[some] * (there / largest), value.flat[some], rtol=1e-5):
        return None
    ways = [{"factor": it} for it in numbers_near(there / largest)]
    ways += [{"divisor": it} for it in numbers_near(largest / there)]
    return next((it for it in ways if is_equal(scaled(total, it), value)), None)


def numbers_near(number: float) -> Sequence[float]:
    """Return the numbers that a person may have written where one is found from rounded numbers, the shortest first."""
    written = [float(f"{number:.{digits}g}") for digits in (*range(1, 8), 16)]
    beside = [float(np.nextafter(number, bound)) for bound in (-np.inf, np.inf)]
    return list(dict.fromkeys((*written, number, *beside)))


def scaled(array: Array, options: Mapping[str, float]) -> Array:
    """Return an array times the factor, or divided by the divisor, that ``number_between`` has found."""
    return np.asarray(array / options["divisor"] if "divisor" in options else array * options["factor"])
