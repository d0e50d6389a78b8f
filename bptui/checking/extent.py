"""Which elements of an array are meant, in the words of whoever wrote the loop: a row, the last column, 3 of 8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def extent(chosen: Mask, looked_at: Mask | None = None) -> str:
    """Return where the chosen elements are: ``in every element``, ``in row 1 only``, ``in 3 of 8 elements``.

    ``looked_at`` says which elements are known of, where those are not all.
    """
    known = np.ones(chosen.shape, np.bool_) if looked_at is None else looked_at
    count, total = int(chosen.sum()), int(known.sum())
    if count == total:
        return "in every element" if known.all() else f"in all of the {total} elements looked at"
    if known.all() and (slab := slab_of(chosen)):
        return slab
    more = "" if known.all() else " looked at"
    return f"in {count} of {total} elements{more}"


def slab_of(chosen: Mask) -> str:
    """Return the one slice along an axis that is chosen, or the one that is not; nothing where there is no such."""
    for axis, length in enumerate(chosen.shape):
        others = tuple(at for at in range(chosen.ndim) if at != axis)
        whole, some = chosen.all(axis=others), chosen.any(axis=others)
        if length < 2 or chosen.ndim < 2 or not np.array_equal(whole, some):
            continue
        if whole.sum() == 1:
            return f"in {slice_name(axis, int(np.argmax(whole)), chosen.shape)} only"
        if whole.sum() == length - 1 and length > 2:
            return f"in every element but those of {slice_name(axis, int(np.argmin(whole)), chosen.shape)}"
    return ""


def slice_name(axis: int, place: int, shape: tuple[int, ...]) -> str:
    """Return a slice in words: ``row 1``, ``the last column``, ``[:, 2]``."""
    if len(shape) == 2:
        kind = ("row", "column")[axis]
        return f"the last {kind}" if place == shape[axis] - 1 and place else f"{kind} {place}"
    return f"[{', '.join(str(place) if at == axis else ':' for at in range(len(shape)))}]"
