"""A layer as a function of one number, sampled between two inputs: the values a curve is drawn through."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from layers import Array, Layer

Samples: TypeAlias = tuple[Array, Array, tuple[float, float]]
"""A curve's inputs, its values, and the usual range of these, without what runs away."""

SAMPLES = 321
"""Inputs that a curve is drawn over."""

LARGEST = 1e15
"""Where numbers are larger, a picture says nothing."""


class LayerFunction:
    """A fresh instance of a node's layer as a function of its one input, the others being constants."""

    def __init__(
        self,
        layer: type[Layer],
        options: Mapping[str, Any],
        constants: tuple[tuple[int, float], ...],
        place: int,
        key: tuple[tuple[str, str], ...],
    ) -> None:
        self.layer = layer(**options)
        self.constants = constants
        self.place = place
        self.key = (layer, constants, place, key)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LayerFunction) and self.key == other.key

    def __call__(self, x: Array) -> Array:
        inputs: list[Any] = [x]
        for at, constant in self.constants:
            inputs.insert(at, np.float64(constant))
        try:
            with np.errstate(all="ignore"):
                return np.asarray(self.layer.forward(*inputs))
        except (ValueError, IndexError):
            return np.empty(0)  # made for one shape or for more axes: no curve has as many values as that

    def slope(self, x: float) -> float | None:
        """Return the layer's own derivative at ``x``; None where it has no finite one."""
        out = self(np.array([x]))
        if out.shape != (1,):
            return None
        local = self.layer.local()
        if self.place >= len(local) or local[self.place] is None:
            return None
        with np.errstate(all="ignore"):
            gradients = self.layer.backward(np.ones(1))
        gradient = gradients[self.place] if isinstance(gradients, tuple) else gradients
        slope = float(np.asarray(gradient).reshape(-1)[0]) if gradient is not None else np.nan
        return slope if abs(slope) < LARGEST else None


class OwnLayerCurve:
    """A curve that somebody else has drawn: a layer of the user's own, in its process."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples


@lru_cache(maxsize=64)
def sample(function: LayerFunction, low: float, high: float) -> Samples | None:
    """Return the curve between two inputs; None where the layer does not work element by element."""
    x = np.linspace(low, high, SAMPLES)
    y, first = function(x), function(x[:7])
    if y.shape != x.shape or not np.array_equal(first, y[:7], equal_nan=True):
        return None
    drawable = np.abs(y) < LARGEST
    return (x[drawable], y[drawable], usual_range(y[drawable])) if drawable.any() else None


def usual_range(y: Array) -> tuple[float, float]:
    """Return the range of a curve's values, without its ends where they run away as at a pole."""
    ordered = np.sort(y)
    low, high = float(ordered[0]), float(ordered[-1])
    cut = len(ordered) // 25
    usual_low, usual_high = float(ordered[cut]), float(ordered[-1 - cut])
    return (usual_low, usual_high) if usual_high - usual_low < 0.6 * (high - low) else (low, high)
