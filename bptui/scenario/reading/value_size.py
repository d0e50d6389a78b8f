"""How much memory the values of a network will take, found from shapes before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bptui.core.text import visible
from bptui.errors import ScenarioError, Where
from bptui.scenario.reading.initializers import MOST_ELEMENTS
from layers import Array, Layer, MatMul

MOST_GIVEN_BYTES = 2**27
"""Of inputs and parameters: 16 million numbers. A check takes some twenty times as much."""

MOST_BYTES = 2**32
"""Of all values of an iteration and their gradients."""

BROADCASTING = {"layers.arithmetic", "layers.comparison"}
"""The modules of layers whose value has the shape that their inputs broadcast to."""


class MemoryBudget:
    """What is left for the values of an iteration, each of which may have a gradient of its size."""

    def __init__(self) -> None:
        self.used = 0

    def check(self, name: str, size: int, where: Where | None = None) -> None:
        """Refuse a value of more elements than any may have. Raises ScenarioError."""
        if size > MOST_ELEMENTS:
            told = f"{visible(name)}: {size:,} elements; a value has at most {MOST_ELEMENTS:,}"
            raise ScenarioError(told, where=where)

    def give(self, name: str, value: Array, where: Where | None = None) -> None:
        """Take what an input or a parameter needs. Raises ScenarioError where that is too much with those before."""
        self.take(name, value.size, value.itemsize, where)
        if self.used > 2 * MOST_GIVEN_BYTES:
            told = f"{visible(name)}: inputs and parameters take {self.used >> 21:,} MB up to here"
            hint = f"at most {MOST_GIVEN_BYTES >> 20} MB are kept: take fewer rows, or dtype = 'float32'"
            raise ScenarioError(told, hint=hint, where=where)

    def take(self, name: str, size: int, itemsize: int, where: Where | None = None) -> None:
        """Take what a value needs. Raises ScenarioError where that is too much, alone or together with the others."""
        self.check(name, size, where)
        self.used += 2 * size * itemsize
        if self.used > MOST_BYTES:
            told = f"{visible(name)}: the values and their gradients take {self.used >> 20:,} MB up to here"
            raise ScenarioError(told, hint=f"at most {MOST_BYTES >> 20:,} MB are kept", where=where)


def predicted_size(layer: type[Layer], options: Mapping[str, Any], inputs: Sequence[Array]) -> int:
    """Return how many elements a layer's value will have as far as that is known without computing it, otherwise 0."""
    shapes = [np.shape(value) for value in inputs]
    try:
        if layer is MatMul:
            return matrix_product_size(*shapes)
        if layer.__module__ in BROADCASTING:
            return math.prod(np.broadcast_shapes(*shapes))
        return math.prod(size for size in options.get("shape", (0,)) if size != -1)
    except (ValueError, TypeError):
        return 0  # the layer itself tells what does not fit


def matrix_product_size(x: tuple[int, ...], y: tuple[int, ...]) -> int:
    """Return how many elements the product of two stacks of matrices has; a vector is one row, or one column."""
    columns = y[-1] if len(y) > 1 else 1
    return math.prod(np.broadcast_shapes(x[:-2], y[:-2])) * math.prod(x[-2:-1]) * columns
