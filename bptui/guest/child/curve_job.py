"""In the child: a layer of the user's as a function of one number, for its curve: nothing of ours stands in for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bptui.guest.child.instance import Instance
from bptui.guest.wire import Message

FIRST = 7
"""Values that are worked out once more alone, to see whether each depends on its own input only."""


def curve_here(instance: Instance, values: Sequence[Any], *, place: int, count: int) -> Message:
    """Return the values over other inputs, and the slope at the first; no arrays where the layer has no curve.

    ``values`` are the node's ``count`` ones, then the inputs to draw over, after the one whose slope is wanted. The
    layer may want more axes than one.
    """
    given, x = list(values[:count]), np.asarray(values[count])
    for shape in ((-1,), (1, -1), (-1, 1)):
        try:
            y = forward_with(instance, given, place, x.reshape(shape))
            alone = forward_with(instance, given, place, x[:FIRST].reshape(shape))
            if y.shape == x.shape and np.array_equal(y[:FIRST], alone, equal_nan=True):
                return {"arrays": [y, slope(instance, given, place, x[:1].reshape(shape))]}
        except Exception:  # noqa: BLE001, S112  (the fence around the user's code: it wants another shape, or none)
            continue
    return {"arrays": []}


def forward_with(instance: Instance, given: list[Any], place: int, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a fresh layer's value with ``x`` at one place, in one row."""
    other = instance.another([*given[:place], x, *given[place + 1 :]])
    assert other.handle is not None
    return np.array(other.handle.value(other.forward_call()()), np.float64).reshape(-1)


def slope(instance: Instance, given: list[Any], place: int, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return what a fresh layer's backward gives for one input."""
    values = [*given[:place], x, *given[place + 1 :]]
    other = instance.another(values)
    other.forward(values)
    gradient = other.gradients(np.ones(x.shape))[place]
    return np.array(gradient, np.float64).reshape(-1)[:1]
