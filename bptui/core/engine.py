"""The engine: walks the graph forward, back and through the updates, and writes the tape while it goes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from bptui.core.columns import Iteration, Value, as_optional_array, freeze
from bptui.core.optimizer import Memory
from bptui.core.scenario import Scenario
from bptui.core.step import Local
from bptui.core.tape import Tape
from layers import Layer

STRIDE = 64
"""Nodes between two places where a run can be interrupted."""


class Run(Tape):
    """A tape that is written by running a scenario: ``advance`` adds steps to it, ``finish`` all that are left."""

    def __init__(self, scenario: Scenario) -> None:
        leaves = [scenario.values[name][()] for name in scenario.graph.leaves]
        super().__init__(scenario.schedule, leaves, scenario.dout[()])
        self.scenario = scenario
        self.memories: dict[str, Memory] = {name: {} for name in scenario.schedule.updated}
        self.strides = self.run()
        self.revisit = lru_cache(maxsize=8)(self.run_again)

    @cached_property
    def layers(self) -> list[Layer]:
        """The instance that each node keeps."""
        return [self.fresh_layer(node) for node in range(len(self.graph.nodes))]

    @cached_property
    def calls(self) -> list[tuple[Callable[..., Value], Callable[[Value], Any]]]:
        """The forward and the backward of each node's layer."""
        return [(bare(layer.forward), bare(layer.backward)) for layer in self.layers]

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
        for iteration in range(self.schedule.iterations):
            self.iterations.append(Iteration(leaves.copy()))
            for done in self.run_iteration():
                self.length = iteration * self.schedule.length + done
                yield
            updates = self.iterations[-1].updates
            leaves[first : first + len(updates)] = updates

    def run_iteration(self) -> Iterator[int]:
        """Fill the last columns, by straight-line code where there is some; yield how many steps are done."""
        columns = self.iterations[-1]
        if self.scenario.code.is_ready():
            leaves = columns.values.copy()
            try:
                yield from self.run_code(columns)
            except ArithmeticError:  # Python's floats raise where NumPy's give an infinity or NaN
                columns = Iteration(leaves)
                *_, done = self.run_layers(columns)
                self.iterations[-1] = columns
                yield done
        else:
            yield from self.run_layers(columns)
        yield self.update(columns)

    def run_code(self, columns: Iteration) -> Iterator[int]:
        """Run both passes as straight-line code."""
        columns.values[:] = map(float, columns.values)
        for chunk in self.scenario.code.forward:
            chunk(columns.values)
            yield len(columns.values) - len(self.leaves)
        totals = {self.graph.slots[self.graph.output]: float(self.dout)}
        for chunk in self.scenario.code.backward:
            chunk(columns.values, totals, columns.douts, columns.contributions, columns.sums)
            yield self.schedule.forward + len(columns.douts)

    def run_layers(self, columns: Iteration) -> Iterator[int]:
        """Run both passes by calling the layers."""
        yield from self.forward_pass(columns)
        yield from self.backward_pass(columns)

    def forward_pass(self, columns: Iteration) -> Iterator[int]:
        """Call every node's forward, in order."""
        values = columns.values
        for done, ((forward, _), slots) in enumerate(zip(self.calls, self.graph.edges, strict=True), start=1):
            values.append(freeze(forward(*[values[slot] for slot in slots])))
            if not done % STRIDE:
                yield done
        yield self.schedule.forward

    def backward_pass(self, columns: Iteration) -> Iterator[int]:
        """Call the backward of every node that the output depends on, in reverse, and add up what arrives."""
        graph, forward = self.graph, self.schedule.forward
        first = len(graph.leaves)
        totals: list[Value | None] = [None] * len(graph.names)
        totals[graph.slots[graph.output]] = self.dout
        for done, node in enumerate(graph.backward, start=1):
            dout = totals[first + node]
            columns.douts.append(dout)
            for slot, contribution in zip(graph.edges[node], self.contributions(node, dout), strict=True):
                if contribution is not None:
                    total = totals[slot]
                    totals[slot] = contribution if total is None else freeze(total + contribution)
                columns.contributions.append(contribution)
                columns.sums.append(totals[slot])
            if not done % STRIDE:
                yield forward + done
        yield forward + self.schedule.backward

    def contributions(self, node: int, dout: Value | None) -> list[Value | None]:
        """Return what a node adds to the gradients of its inputs, None for those that take none."""
        takes_gradient = self.scenario.takes_gradient[node]
        if dout is None:
            return [None] * len(takes_gradient)
        _, backward = self.calls[node]
        gradients = backward(dout)
        if not isinstance(gradients, tuple):
            gradients = (gradients,)
        return [freeze(gradient) if takes else None for takes, gradient in zip(takes_gradient, gradients, strict=True)]

    def update(self, columns: Iteration) -> int:
        """Update every parameter from its gradient; one that no gradient reaches stays as it is."""
        for name in self.schedule.updated:
            slot = self.graph.slots[name]
            edge = self.schedule.last_edge(slot, self.schedule.backward)
            gradient = None if edge is None else columns.sums[edge]
            columns.updates.append(self.updated(name, columns.values[slot], gradient))
        return self.schedule.length

    def updated(self, name: str, before: Value, gradient: Value | None) -> Value:
        """Return a parameter's next value."""
        if gradient is None or self.scenario.train is None:
            return before
        return freeze(self.scenario.train.optimizer.update(before, gradient, self.memories[name]))

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


def bare(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a layer's method without the wrapper that quietens NumPy, since a run is quiet as a whole."""
    function = inspect.unwrap(method)
    return method if function is method else function.__get__(method.__self__)  # type: ignore[attr-defined]


def run(scenario: Scenario) -> Tape:
    """Return the complete tape of a scenario: every step of both passes, in every iteration."""
    tape = Run(scenario)
    tape.finish()
    return tape
