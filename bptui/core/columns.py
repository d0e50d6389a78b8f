"""Where a run keeps its results: a few lists of references for each iteration, never copies."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from layers import Array

Value: TypeAlias = Any
"""What a column holds: a read-only array, a NumPy scalar or a Python float; ``as_array`` shows it as an array."""


class Iteration:
    """The columns of one forward, backward and update.

    ``values`` goes by slot, ``douts`` by backward step, ``contributions`` and ``sums`` (the running sum of a
    value's contributions, this one included) by edge, and ``updates`` by parameter.
    """

    __slots__ = ("contributions", "douts", "sums", "updates", "values")

    def __init__(self, leaves: list[Value]) -> None:
        self.values = leaves
        self.douts: list[Value | None] = []
        self.contributions: list[Value | None] = []
        self.sums: list[Value | None] = []
        self.updates: list[Value] = []


def freeze(value: Value) -> Value:
    """Return ``value``, made read-only where it is an array."""
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    return value


def as_array(value: Value) -> Array:
    """Return a column's entry as a read-only array."""
    return value if isinstance(value, np.ndarray) else freeze(np.asarray(value))


def as_optional_array(value: Value | None) -> Array | None:
    """Return a column's entry as a read-only array, or None where there is none."""
    return None if value is None else as_array(value)
