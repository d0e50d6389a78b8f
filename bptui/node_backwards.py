"""What nodes send back of any dout: fresh layers that have gone forward on the recorded inputs are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bptui.core.graph import Node
from bptui.core.region import Index
from bptui.core.tape import Tape
from bptui.running import Run
from layers import Array


class NodeBackwards:
    """The backwards of one iteration (from 0) of a run, whose ``tape`` has the inputs. Each layer is made once."""

    def __init__(self, run: Run, tape: Tape, iteration: int) -> None:
        self.run = run
        self.tape = tape
        self.iteration = iteration
        self.graph = tape.order.passes(iteration).graph
        self.layers: dict[int, Any] = {}

    def unit(self, node: Node, position: int, output: int, place: Index) -> Array | None:
        """Return what a node sends to one input of a dout that is 1 at one element of one output, and 0 elsewhere."""
        at = self.index(node.name)
        douts = self.zeros(at)
        douts[output][place] = 1.0
        return self.sent(at, douts)[position]

    def index(self, name: str) -> int:
        """Return a node's index in forward order."""
        index = self.graph.node_index(name)
        assert index is not None
        return index

    def zeros(self, node: int) -> list[Array]:
        """Return a dout of zeros for each output of a node."""
        values = self.tape.iterations[self.iteration].values
        return [np.zeros_like(np.asarray(values[slot])) for slot in self.graph.slots_of(node)]

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
