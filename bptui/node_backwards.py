"""What nodes send back of any dout: fresh layers that have gone forward on the recorded inputs are asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bptui.core.graph import Node
from bptui.core.region import Index, Region
from bptui.core.tape import Tape
from bptui.running import Run
from layers import Array


class NodeBackwards:
    """The backwards of one iteration (from 0) of a ``tape``, of which ``sent`` asks a node, by index."""

    def __init__(
        self, tape: Tape, iteration: int, sent: Callable[[int, Sequence[Array]], Sequence[Array | None]]
    ) -> None:
        self.tape = tape
        self.iteration = iteration
        self.sent = sent
        self.graph = tape.order.passes(iteration).graph

    def unit(self, node: Node, position: int, output: int, place: Index) -> Array | None:
        """Return what a node sends to one input of a dout that is 1 at one element of one output, and 0 elsewhere."""
        at = self.graph.node_index(node.name)
        assert at is not None
        douts = self.zeros(at)
        douts[output][place] = 1.0
        return self.sent(at, douts)[position]

    def mask(self, region: Region) -> NDArray[np.bool_]:
        """Return which elements of its value a region means. Raises BptuiError where there are none such."""
        values = self.tape.iterations[self.iteration].values
        return region.mask(np.shape(values[self.graph.slots[region.name]]))

    def zeros(self, node: int) -> list[Array]:
        """Return a dout of zeros for each output of a node."""
        values = self.tape.iterations[self.iteration].values
        return [np.zeros_like(np.asarray(values[slot])) for slot in self.graph.slots_of(node)]


class RunLayers:
    """The layers of a run, each made once, which have gone forward on the inputs of one iteration of a ``tape``."""

    def __init__(self, run: Run, tape: Tape, iteration: int) -> None:
        self.run = run
        self.tape = tape
        self.iteration = iteration
        self.layers: dict[int, Any] = {}

    def sent(self, node: int, douts: Sequence[Array]) -> list[Array | None]:
        """Return what a node sends back to each of its inputs; None where one takes no gradient."""
        with np.errstate(all="ignore"):
            gradients = self.layer(node).backward(*douts)
        several = gradients if isinstance(gradients, tuple) else (gradients,)
        takes = self.run.scenario.takes_gradient[node]
        return [None if it is None or not flag else np.asarray(it) for it, flag in zip(several, takes, strict=False)]

    def layer(self, node: int) -> Any:
        """Return a layer that has gone forward on a node's recorded inputs."""
        if node not in self.layers:
            layer = self.run.fresh_layer(node, self.iteration)
            with np.errstate(all="ignore"):
                layer.forward(*map(np.asarray, self.tape.inputs(self.iteration, node)))
            self.layers[node] = layer
        return self.layers[node]


def backwards_of_run(run: Run, tape: Tape, iteration: int) -> NodeBackwards:
    """Return what the nodes of a run send back in an iteration (from 0), whose ``tape`` has the inputs."""
    return NodeBackwards(tape, iteration, RunLayers(run, tape, iteration).sent)
