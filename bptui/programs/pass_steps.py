"""From an iteration's graph to the steps of a tape: forward, backward as the program went back, and the updates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from bptui.core.columns import Value
from bptui.core.order import RecordedOrder
from bptui.core.tape import Tape
from bptui.guest.child.styles.derivative import chained
from bptui.programs.derived_gradients import derived_gradients
from bptui.programs.event import BackwardCall
from bptui.programs.pass_graph import PassNode, WatchedPass
from bptui.programs.passed_gradients import PassedGradients, gives_derivative
from bptui.programs.program_facts import ProgramFacts


class PassSteps:
    """Adds the steps of one iteration to a tape, whose ``order`` grows with them."""

    def __init__(self, tape: Tape, order: RecordedOrder, facts: ProgramFacts, watched: WatchedPass) -> None:
        self.tape = tape
        self.order = order
        self.facts = facts
        self.watched = watched
        self.steps: dict[int, int] = {}
        self.summed: dict[int, dict[str, int]] = {}
        self.passed = PassedGradients(facts, watched)
        self.waiting = {at for at, it in enumerate(watched.nodes) if it.derived}

    def add(self) -> Mapping[int, int]:
        """Add all steps but the updates, and return their numbers by those of the calls."""
        leaves = [leaf.value.recorded for leaf in self.watched.leaves]
        self.tape.begin_iteration(leaves)
        for node in self.watched.nodes:
            if node.outs:
                self.tape.add_forward(*(it.recorded for it in node.outs))
            if node.call:
                self.steps[node.call.number] = len(self.tape) + (not node.outs)
        with np.errstate(all="ignore"):
            self.add_backwards()
        return self.steps

    def add_backwards(self) -> None:
        """Add the calls back, each after what the person's code did with the value of its node."""
        for place, (node, call) in enumerate(self.watched.backwards):
            handed = self.handed(call, self.watched.nodes[node])
            if not place:
                self.tape.begin_backward(handed[self.output_place(node)] if handed else None)
            self.add_derived(node)
            multiplies = gives_derivative(self.watched.nodes[node])
            if multiplies:
                handed = [self.tape.arriving(node)]
            self.order.add_backward(node, self.facts.where(call.site))
            if call.number in self.watched.raised:
                self.steps[call.number] = len(self.tape) + 1
                return
            returned = self.gradients(self.watched.nodes[node], call)
            self.tape.add_backward(
                self.dout(handed), multiplied_by_dout(handed[0], returned) if multiplies else returned
            )
            self.steps[call.number] = len(self.tape)
        if self.watched.backwards:
            self.add_derived(None)

    def output_place(self, node: int) -> int:
        """Return which of a node's outputs is the graph's."""
        return self.watched.nodes[node].node.outputs.index(self.watched.graph.output)

    def dout(self, handed: Sequence[Value | None]) -> Any:
        """Return what arrives at a node, as a tape has it."""
        return handed[0] if len(handed) == 1 else tuple(handed)

    def handed(self, call: BackwardCall, node: PassNode) -> list[Value | None]:
        """Return the gradients that the program hands to a call back, one for each output; to one that starts, 1."""
        douts = self.passed.douts(call, node)
        if not douts:
            return [np.ones_like(np.asarray(it.recorded, np.float64))[()] for it in node.outs]
        return [None if it is None else it.recorded for it in douts]

    def gradients(self, node: PassNode, call: BackwardCall) -> list[Value | None]:
        """Return what a call back has returned, or left on its object, for each input of its node."""
        assert node.call is not None
        beside = {str(spot): int(number) for spot, number in call.held_gradients}
        found: list[int | None] = [None] * len(node.node.inputs)
        for place, index in enumerate(self.passed.places(call, node)):
            found[place] = None if index is None else call.gradients[index]
        for place, spot in enumerate(node.held, start=len(node.arguments)):
            found[place] = beside.get(spot)
        added = {spot: number for spot, number in beside.items() if call.adds_up}
        earlier, self.summed[call.owner] = self.summed.get(call.owner, {}), added
        slots = self.watched.graph.edges[self.watched.graph.node_index(node.node.name) or 0]
        values = self.tape.iterations[-1].values
        fitting = [self.fitting(number, values[slot]) for number, slot in zip(found, slots, strict=True)]
        for place, spot in enumerate(node.held, start=len(node.arguments)):
            if spot in earlier and spot in added and fitting[place] is not None:
                before = self.fitting(earlier[spot], values[slots[place]])
                fitting[place] = fitting[place] if before is None else fitting[place] - before
        return fitting

    def fitting(self, number: int | None, value: Value) -> Value | None:
        """Return a gradient, None where it is not of its value's shape."""
        if number is None:
            return None
        gradient = self.facts.values[number].recorded
        return gradient if np.shape(gradient) == np.shape(value) else None

    def add_derived(self, node: int | None) -> None:
        """Add the backward of what was derived from a node's value, where a gradient has come; None is for all left."""
        graph = self.watched.graph
        for at in self.consumers(node):
            dout = self.tape.arriving(at)
            derived = self.watched.nodes[at].derived
            if dout is None or derived is None:
                continue
            self.waiting.discard(at)
            gradients = derived_gradients(derived, np.asarray(dout))
            self.order.add_backward(at)
            self.tape.add_backward(dout, [it[()] for it in gradients[: len(graph.edges[at])]])

    def consumers(self, node: int | None) -> Iterator[int]:
        """Yield what was derived from a node's value, directly or through others, the last first."""
        graph = self.watched.graph
        reached = set(range(len(graph.names))) if node is None else set(graph.slots_of(node))
        found = []
        for at in sorted(self.waiting):
            if not reached.isdisjoint(graph.edges[at]):
                found.append(at)
                reached.update(graph.slots_of(at))
        yield from reversed(found)


def multiplied_by_dout(dout: Value | None, derivatives: Sequence[Value | None]) -> list[Value | None]:
    """Return what goes back by local derivatives; None where nothing has arrived, or one does not fit."""
    return [None if dout is None or it is None else product_of(dout, it) for it in derivatives]


def product_of(dout: Value, derivative: Value) -> Value | None:
    """Return a dout times a local derivative, None where one does not fit the other."""
    try:
        product = chained(dout, derivative)
    except ValueError:
        return None
    return product if np.shape(product) == np.shape(derivative) else None
