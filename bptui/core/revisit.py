"""Looking again at what a layer did: its local derivatives, and what it keeps on itself, which no tape records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from bptui.core.columns import Value, as_optional_array, freeze
from bptui.core.graph import Node
from bptui.core.step import Local
from layers import Array, Layer

if TYPE_CHECKING:
    from bptui.core.tape import Tape

MOST_REVISITED = 8
"""Layers that are kept for being looked at again: those of the nodes in sight."""


class Revisit(Protocol):
    """Looks again at the layers of a tape. ``iteration`` and ``node`` are counted from 0."""

    def local(self, tape: Tape, iteration: int, node: int) -> Local:
        """Return a node's local derivatives, one per input, None where they are not a single array."""

    def kept(self, tape: Tape, iteration: int, node: int) -> Mapping[str, Any]:
        """Return what a node's layer keeps on itself for its backward, by attribute."""

    def curve(self, tape: Tape, iteration: int, node: int, place: int, x: Array) -> Curve | None:
        """Return the values of a layer of the user's own over ``x`` in the place of one input, and the first's slope.

        None where it has no curve, or runs no more; built-in layers are sampled by the screen itself.
        """


Curve: TypeAlias = tuple[Array, float]
"""The values of a layer over other inputs, and the slope at the first of these."""


class NothingKept:
    """The revisit of a tape that knows no layers."""

    def local(self, tape: Tape, iteration: int, node: int) -> Local:
        """Return None for each input."""
        return (None,) * len(tape.order.passes(iteration).graph.edges[node])

    def kept(self, tape: Tape, iteration: int, node: int) -> Mapping[str, Any]:  # noqa: ARG002
        """Return nothing."""
        return {}

    def curve(self, tape: Tape, iteration: int, node: int, place: int, x: Array) -> Curve | None:  # noqa: ARG002
        """Return None."""
        return None


class LayersRevisit:
    """The revisit of built-in layers: a fresh one goes forward on the recorded inputs.

    ``make`` returns one for a node and an iteration.
    """

    def __init__(self, make: Callable[[Node, int], Layer]) -> None:
        self.make = make
        self.revisited: dict[tuple[int, ...], tuple[list[Value], Layer]] = {}

    def local(self, tape: Tape, iteration: int, node: int) -> Local:
        """Return what the layer says of itself."""
        return tuple(map(as_optional_array, map(freeze, self.layer(tape, iteration, node).local())))

    def kept(self, tape: Tape, iteration: int, node: int) -> Mapping[str, Any]:
        """Return the layer's attributes."""
        return vars(self.layer(tape, iteration, node))

    def curve(self, tape: Tape, iteration: int, node: int, place: int, x: Array) -> Curve | None:  # noqa: ARG002
        """Return None: built-in layers are sampled directly."""
        return None

    def layer(self, tape: Tape, iteration: int, node: int) -> Layer:
        """Return a fresh layer that has gone forward on a node's recorded inputs; the last few are kept."""
        inputs = tape.inputs(iteration, node)
        key = (node, iteration, *map(id, inputs))
        if key not in self.revisited:
            if len(self.revisited) >= MOST_REVISITED:
                self.revisited.clear()
            layer = self.make(tape.order.passes(iteration).graph.nodes[node], iteration)
            with np.errstate(all="ignore"):
                layer.forward(*inputs)
            self.revisited[key] = inputs, layer  # the inputs live on with it, so no other can have their id
        return self.revisited[key][1]
