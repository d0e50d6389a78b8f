"""What nodes of a recording, or of a watched program, send back of any dout, though no layer of the user's own runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from bptui.core.engine import TakesGradient, takes_gradient
from bptui.core.graph import Node
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.step import BackwardStep
from bptui.core.tape import Tape
from bptui.core.text import visible
from bptui.errors import BptuiError
from bptui.explaining.formula_words import is_built_in
from bptui.explaining.recognised_rules import RecognisedRule, recognised_rule
from bptui.node_backwards import NodeBackwards
from layers import Array, library
from layers.dropout import Stochastic


class RecordedLayers:
    """The layers of one iteration (from 0) of a tape: what is built in is asked, and others by what they have done."""

    def __init__(self, tape: Tape, iteration: int) -> None:
        self.tape = tape
        self.iteration = iteration
        self.graph = tape.order.passes(iteration).graph
        self.layers: dict[int, Any] = {}
        self.rules: dict[tuple[int, int], RecognisedRule | None] = {}

    @cached_property
    def takes_gradient(self) -> TakesGradient:
        """For each node, which of its inputs take a gradient."""
        leaves = self.tape.iterations[self.iteration].values[: len(self.graph.leaves)]
        return takes_gradient(self.graph, leaves)

    @cached_property
    def moment(self) -> Moment:
        """The end of the iteration's backward pass, as far as it is there."""
        forward, backward, _ = self.tape.order.passes(self.iteration).lengths
        return self.tape.at(min(len(self.tape), self.tape.order.start(self.iteration) + forward + backward))

    def sent(self, node: int, douts: Sequence[Array]) -> list[Array | None]:
        """Return what a node sends back to each of its inputs. Raises BptuiError where nobody can tell."""
        it, takes = self.graph.nodes[node], self.takes_gradient[node]
        if not is_asked(self.tape, it):
            return [self.recognised(node, at, douts) if flag else None for at, flag in enumerate(takes)]
        with np.errstate(all="ignore"):
            gradients = self.layer(node).backward(*douts)
        several = gradients if isinstance(gradients, tuple) else (gradients,)
        return [None if it is None or not flag else np.asarray(it) for it, flag in zip(several, takes, strict=False)]

    def layer(self, node: int) -> Any:
        """Return a built-in layer that has gone forward on a node's recorded inputs."""
        if node not in self.layers:
            it = self.graph.nodes[node]
            layer = library[it.layer](**it.options)
            with np.errstate(all="ignore"):
                layer.forward(*map(np.asarray, self.tape.inputs(self.iteration, node)))
            self.layers[node] = layer
        return self.layers[node]

    def recognised(self, node: int, position: int, douts: Sequence[Array]) -> Array | None:
        """Return what a layer of the user's own sends back, by the rule that its step has shown. Raises BptuiError."""
        it = self.graph.nodes[node]
        step = self.moment.step_of(it.name, Pass.BACKWARD)
        if isinstance(step, BackwardStep) and step.douts[0] is not None and step.gradients[position] is None:
            return None
        key = node, position
        if key not in self.rules:
            found = recognised_rule(self.moment, step, position) if isinstance(step, BackwardStep) else None
            self.rules[key] = found
        rule = self.rules[key]
        if rule is None:
            name, layer = visible(it.name, limit=40), visible(it.layer, limit=40)
            raise BptuiError(f"{name} ({layer}) does not run here, and its numbers do not show what its backward does")
        with np.errstate(all="ignore"):
            return rule.send(douts[0])


def is_asked(tape: Tape, node: Node) -> bool:
    """Return whether a node's layer is built in and draws nothing at random, so that it may run again."""
    return is_built_in(tape, node) and not issubclass(library[node.layer], Stochastic)


def backwards_of_record(tape: Tape, iteration: int) -> NodeBackwards:
    """Return what the nodes of a recorded iteration (from 0) send back, of which some raise BptuiError."""
    return NodeBackwards(tape, iteration, RecordedLayers(tape, iteration).sent)
