"""The engine: walks the graph forward, back and through the updates, and writes the tape while it goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from bptui.core.columns import Iteration, Value, as_optional_array, freeze
from bptui.core.optimizer import Memory
from bptui.core.scenario import Scenario
from bptui.core.schedule import Schedule
from bptui.core.step import Local
from bptui.core.tape import Tape
from layers import Layer

STRIDE = 64
"""Nodes between two places where a run can be interrupted."""


class Run(Tape):
    """A tape that is written by running a scenario: ``advance`` adds steps to it, ``finish`` all that are left."""

    def __init__(self, scenario: Scenario) -> None:
        graph = scenario.graph
        schedule = Schedule(graph, iterations=scenario.iterations, trains=scenario.train is not None)
        leaves = [scenario.values[name][()] for name in graph.leaves]
        super().__init__(schedule, leaves, scenario.dout[()])
        self.scenario = scenario
        self.layers = [self.fresh_layer(node) for node in range(len(graph.nodes))]
        self.memories: dict[str, Memory] = {name: {} for name in schedule.updated}
        self.strides = self.run()
        self.revisit = lru_cache(maxsize=8)(self.run_again)

    def fresh_layer(self, node: int) -> Layer:
        """Return a new instance of a node's layer."""
        it = self.scenario.graph.nodes[node]
        return self.scenario.library[it.layer](**it.options)

    def advance(self, steps: int) -> None:
        """Run at least ``steps`` more steps, or all that are left."""
        goal = min(self.length + steps, len(self.schedule))
        with np.errstate(all="ignore"):
            while self.length < goal:
                next(self.strides)

    def finish(self) -> None:
        """Run all steps that are left."""
        self.advance(len(self.schedule))

    def run(self) -> Iterator[None]:
        """Run everything, a stride of nodes at a time."""
        leaves = list(self.leaves)
        first = len(self.graph.inputs)
        for _ in range(self.schedule.iterations):
            columns = Iteration(leaves.copy())
            self.iterations.append(columns)
            yield from self.forward_pass(columns)
            yield from self.backward_pass(columns)
            self.update(columns)
            yield
            leaves[first : first + len(columns.updates)] = columns.updates

    def forward_pass(self, columns: Iteration) -> Iterator[None]:
        """Call every node's forward, in order."""
        values = columns.values
        for node, (layer, slots) in enumerate(zip(self.layers, self.graph.edges, strict=True), start=1):
            values.append(freeze(layer.forward(*[values[slot] for slot in slots])))
            if not node % STRIDE:
                self.length += STRIDE
                yield
        self.length += self.schedule.forward % STRIDE

    def backward_pass(self, columns: Iteration) -> Iterator[None]:
        """Call the backward of every node that the output depends on, in reverse, and add up what arrives."""
        graph = self.graph
        first = len(graph.leaves)
        totals: list[Value | None] = [None] * len(graph.names)
        totals[graph.slots[graph.output]] = self.dout
        for order, node in enumerate(graph.backward, start=1):
            dout = totals[first + node]
            columns.douts.append(dout)
            for slot, contribution in zip(graph.edges[node], self.contributions(node, dout), strict=True):
                if contribution is not None:
                    total = totals[slot]
                    totals[slot] = contribution if total is None else freeze(total + contribution)
                columns.contributions.append(contribution)
                columns.sums.append(totals[slot])
            if not order % STRIDE:
                self.length += STRIDE
                yield
        self.length += self.schedule.backward % STRIDE

    def contributions(self, node: int, dout: Value | None) -> list[Value | None]:
        """Return what a node adds to the gradients of its inputs, None for those that take none."""
        takes_gradient = self.takes_gradient[node]
        if dout is None:
            return [None] * len(takes_gradient)
        gradients = self.layers[node].backward(dout)
        if not isinstance(gradients, tuple):
            gradients = (gradients,)
        return [freeze(gradient) if takes else None for takes, gradient in zip(takes_gradient, gradients, strict=True)]

    @cached_property
    def takes_gradient(self) -> list[tuple[bool, ...]]:
        """For each node, which of its inputs take a gradient: those that are neither constants nor integers."""
        graph = self.graph
        closed = set(graph.constants)
        closed.update(name for name in graph.inputs if self.scenario.values[name].dtype.kind != "f")
        return [tuple([name not in closed for name in node.inputs]) for node in graph.nodes]

    def update(self, columns: Iteration) -> None:
        """Update every parameter from its gradient; one that no gradient reaches stays as it is."""
        if (train := self.scenario.train) is None:
            return
        columns_end = self.schedule.backward
        for name in self.schedule.updated:
            slot = self.graph.slots[name]
            before = columns.values[slot]
            edge = self.schedule.last_edge(slot, columns_end)
            gradient = None if edge is None else columns.sums[edge]
            after = before if gradient is None else train.optimizer.update(before, gradient, self.memories[name])
            columns.updates.append(freeze(after))
        self.length += len(self.schedule.updated)

    def local(self, iteration: int, node: int) -> Local:
        return tuple(map(as_optional_array, map(freeze, self.revisit(iteration, node).local())))

    def kept(self, iteration: int, node: int) -> Mapping[str, Any]:
        return vars(self.revisit(iteration, node))

    def run_again(self, iteration: int, node: int) -> Layer:
        """Return a fresh layer that has gone forward on a node's recorded inputs."""
        layer = self.fresh_layer(node)
        values = self.iterations[iteration].values
        with np.errstate(all="ignore"):
            layer.forward(*[values[slot] for slot in self.graph.edges[node]])
        return layer


def run(scenario: Scenario) -> Tape:
    """Return the complete tape of a scenario: every step of both passes, in every iteration."""
    tape = Run(scenario)
    tape.finish()
    return tape
