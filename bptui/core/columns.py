"""Where a tape keeps its numbers: a few lists of references for each iteration, never copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from bptui.core.order import Passes, Progress
from layers import Array

Value: TypeAlias = Any
"""What a column holds: a read-only array, a NumPy scalar or a Python float; ``as_array`` shows it as an array."""

Dout: TypeAlias = Any
"""What arrives at a node: a value, or a tuple with one for each of several outputs; None where nothing arrives."""


class Iteration:
    """The columns of one forward, backward and update.

    ``values`` goes by slot, ``douts`` by backward step, ``contributions`` and ``sums`` (the running sum of a
    value's contributions, this one included) by edge, ``updates`` and ``memories`` (what the optimizer remembers of
    a parameter after its update) by parameter. ``dout`` is the gradient that enters at the output, None where it is
    not known yet. ``totals`` has each slot's sum so far, while the backward pass is under way.
    """

    __slots__ = ("contributions", "dout", "douts", "memories", "sums", "totals", "updates", "values")

    def __init__(self, leaves: list[Value], dout: Value | None = None) -> None:
        self.values = leaves
        self.dout = dout
        self.douts: list[Dout] = []
        self.contributions: list[Value | None] = []
        self.sums: list[Value | None] = []
        self.totals: list[Value | None] = []
        self.updates: list[Value] = []
        self.memories: list[Mapping[str, Any]] = []

    def begin_backward(self, slots: int, output: int, dout: Value | None) -> None:
        """Let ``dout`` enter at the slot ``output`` of ``slots``."""
        self.dout = dout
        self.totals = [None] * slots
        self.totals[output] = dout

    def add_backward(self, dout: Dout, slots: Sequence[int], gradients: Sequence[Value | None]) -> None:
        """Add a node's backward: a contribution, or None, for each of its inputs, which are at ``slots``.

        Raises ValueError where there are more or fewer.
        """
        if len(gradients) != len(slots):
            raise ValueError(f"{len(gradients)} gradients for {len(slots)} inputs")
        totals, sums, scalar = self.totals, self.sums, np.float64
        for slot, gradient in zip(slots, gradients):  # noqa: B905  (they are equally many, and strictness costs time)
            total = totals[slot]
            if gradient is not None:
                if gradient.__class__ is not scalar:
                    freeze(gradient)
                if total is None:
                    total = gradient
                else:
                    total = total + gradient
                    if total.__class__ is not scalar:
                        freeze(total)
                totals[slot] = total
            sums.append(total)
        self.contributions += gradients
        self.douts.append(dout)

    def add_update(self, after: Value, memory: Mapping[str, Any]) -> None:
        """Add a parameter's update, and what its optimizer remembers."""
        self.updates.append(after)
        self.memories.append(memory)

    def cut(self, passes: Passes, progress: Progress) -> Iteration:
        """Return columns with the same objects as far as ``progress``, in lists of their own, to go on from there."""
        graph = passes.graph
        cut = Iteration(self.values[: graph.first_slots[progress.forward]], self.dout)
        if progress.backward:
            cut.begin_backward(len(graph.names), graph.slots[graph.output], self.dout)
        edge = 0
        for rank, node in enumerate(passes.backward[: progress.backward]):
            cut.douts.append(self.douts[rank])
            for slot in graph.edges[node]:
                cut.contributions.append(self.contributions[edge])
                cut.sums.append(self.sums[edge])
                cut.totals[slot] = self.sums[edge]
                edge += 1
        cut.updates = self.updates[: progress.update]
        cut.memories = self.memories[: progress.update]
        return cut


def arriving(totals: Sequence[Value | None], slots: range, values: Sequence[Value]) -> Dout:
    """Return what arrives at a node whose outputs are at ``slots``: the sum at each, and zeros where there is none."""
    if len(slots) == 1:
        return totals[slots.start]
    arrived = [totals[slot] for slot in slots]
    if all(dout is None for dout in arrived):
        return None
    return tuple(
        [freeze(np.zeros_like(values[slot])) if it is None else it for slot, it in zip(slots, arrived, strict=True)]
    )


def freeze(value: Value) -> Value:
    """Return ``value``, made read-only where it is an array."""
    kind = value.__class__
    if kind is np.ndarray or (kind is not np.float64 and isinstance(value, np.ndarray)):
        value.setflags(False)  # noqa: FBT003  (by its name the flag takes twice as long)
    return value


def as_array(value: Value) -> Array:
    """Return a column's entry as a read-only array."""
    if isinstance(value, np.ndarray):
        return value
    array = np.asarray(value)
    array.setflags(write=False)
    return array


def as_optional_array(value: Value | None) -> Array | None:
    """Return a column's entry as a read-only array, or None where there is none."""
    return None if value is None else as_array(value)
