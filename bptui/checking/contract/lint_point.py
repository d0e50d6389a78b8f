"""Where a layer is linted, and what of its digits is to be asked there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from bptui.checking.compare_arrays import Gradients, copied, copies, same
from bptui.checking.fault import FaultError
from bptui.checking.probe import Probe
from layers import Array

COARSE = 1e5
"""How many times less is asked of the last digits of layers that work in float32."""

PAUSE = None
"""Where one may pause between two faults."""

Faults: TypeAlias = Iterator[FaultError | None]


@dataclass(frozen=True, eq=False)
class LintPoint:
    """What a layer is linted with: a probe, the inputs, and two different douts."""

    probe: Probe
    inputs: tuple[Array, ...]
    dout: Array
    other: Array

    def gradients(self, dout: Array) -> Gradients:
        """Return what a fresh layer hands back for ``dout``, as float64 copies."""
        visit = self.probe.visit(copies(self.inputs))
        return copied(self.probe.backward(visit.layer, dout.copy()))

    def changed(self, change: Callable[[Array], Array]) -> tuple[Array, ...]:
        """Return the inputs, those that take a gradient changed."""
        return self.probe.subject.changed(self.inputs, change)

    @cached_property
    def is_coarse(self) -> bool:
        """Whether forward itself works in float32: it gives the same value for inputs cut to that."""
        visit = self.probe.visit(copies(self.inputs))
        if np.asarray(visit.handed).dtype.itemsize < 8:
            return True
        rounded = self.changed(to_float32)
        is_cut = any(not same(x, y) for x, y in zip(self.inputs, rounded, strict=True))
        if not is_cut or not same(self.probe.forward(rounded), visit.out):
            return False
        return not same(self.probe.forward(self.changed(lambda x: x * (1 + 2.0**-10))), visit.out)

    @cached_property
    def loss(self) -> float:
        """How many times less may be asked of the last digits."""
        return COARSE if self.is_coarse or self.has_few_digits else 1.0

    @cached_property
    def has_few_digits(self) -> bool:
        """Whether a gradient is of fewer digits than float64 has."""
        visit = self.probe.visit(copies(self.inputs))
        handed = self.probe.backward(visit.layer, self.dout.copy())
        return any(np.asarray(it).dtype.itemsize < 8 for it in handed if isinstance(it, np.ndarray | np.floating))


def to_float32(x: Array) -> Array:
    """Return numbers with the digits that float32 has."""
    return x.astype(np.float32).astype(np.float64)
