"""The gradients that a program passes on: what it hands to a call back, and which input each is for that comes back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from bptui.own_layers.own_layer import TARGETS
from bptui.programs.event import BackwardCall
from bptui.programs.pass_graph import PassNode, WatchedPass
from bptui.programs.program_facts import ProgramFacts
from bptui.programs.seen_values import SeenValue
from bptui.programs.value_sources import is_like

DATA = TARGETS | {"y", "Y", "T", "actual", "expected", "desired", "true", "ground_truth"}
"""What a call back calls its labels."""


class PassedGradients:
    """Tells of each call back of one pass what was handed to it, and what it has returned."""

    def __init__(self, facts: ProgramFacts, watched: WatchedPass) -> None:
        self.facts = facts
        self.watched = watched

    def douts(self, call: BackwardCall, node: PassNode) -> list[SeenValue | None]:
        """Return the gradient that is handed over for each output of a node, None where there is none.

        Nothing is returned where the call starts the backward pass by itself: a loss that is handed nothing, or its own
        prediction instead of a gradient. Nothing is handed to a derivative, either: the program multiplies by it.
        """
        if gives_derivative(node):
            return []
        douts = self.handed_for_outs(call, node)
        first = douts[0] if douts else None
        if first is None or not node.outs or self.is_misshapen(first, node) or self.is_prediction(first, call, node):
            return []
        if self.is_of_data(first, call, node):
            return []
        return douts + [None] * (len(node.outs) - len(douts))

    def handed_for_outs(self, call: BackwardCall, node: PassNode) -> list[SeenValue | None]:
        """Return what is handed over first, one for each output: beyond the first, what is of the output's shape."""
        handed = [None if it is None else self.facts.values[it] for it in call.douts[: max(1, len(node.outs))]]
        pairs = zip(handed[1:], node.outs[1:], strict=False)
        fitting = takewhile(lambda pair: pair[0] is None or pair[0].array.shape == pair[1].array.shape, pairs)
        return [*handed[:1], *(dout for dout, _ in fitting)]

    def is_misshapen(self, dout: SeenValue, node: PassNode) -> bool:
        """Return whether what the output's node is handed can be no gradient of it."""
        is_output = node.node.name == self.watched.graph.output
        return is_output and dout.array.shape != node.outs[0].array.shape and dout.array.size != 1

    def is_prediction(self, dout: SeenValue, call: BackwardCall, node: PassNode) -> bool:
        """Return whether a call back is handed what the forward knew already, and no gradient.

        A value of the node's own may be its gradient, too (of half the sum of its squares): it is none where its shape
        is another than the output's, or where the targets come with it.
        """
        if self.own_place(dout, node) is None:
            return False
        more = [it for it in call.douts[max(1, len(node.outs)) :] if it is not None]
        has_targets = bool(more) and all(self.own_place(self.facts.values[it], node) for it in more)
        return has_targets or dout.array.shape != node.outs[0].array.shape

    def is_of_data(self, first: SeenValue, call: BackwardCall, node: PassNode) -> bool:
        """Return whether a call back starts the pass and is handed data: labels by name, or what the forward was given.

        A whole network's ``backward(X, y)`` goes back from a loss of its own.
        """
        assert node.call is not None
        if node.node.name != self.watched.graph.output or not call.parameters:
            return False
        name = call.parameters[0]
        given = (self.facts.values[number] for parameter, number in node.call.inputs if parameter == name)
        return name in DATA or any(is_same_object(first, it) for it in given)

    def roles(self, call: BackwardCall, node: PassNode) -> Sequence[tuple[str, str | int] | None]:
        """Return what each value is that is handed over: a ``dout``, or the ``input`` or ``out`` of the forward.

        A dout and an out are told by their places, an input by its parameter; None stands for anything else.
        """
        found: list[tuple[str, str | int] | None] = [("dout", place) for place in range(self.dout_count(call, node))]
        beyond = (None if it is None else self.facts.values[it] for it in call.douts[len(found) :])
        return [*found, *(None if it is None else self.own_place(it, node) for it in beyond)]

    def dout_count(self, call: BackwardCall, node: PassNode) -> int:
        """Return how many of the values handed over are gradients: a 0 stands for one of whatever shape."""
        if not self.douts(call, node):
            return 0
        count = len(self.handed_for_outs(call, node))
        left = (None if it is None else self.facts.values[it] for it in call.douts[count : len(node.outs)])
        return count + sum(1 for _ in takewhile(is_zero, left))

    def own_place(self, value: SeenValue, node: PassNode) -> tuple[str, str | int] | None:
        """Return which input or output of a node a value is, the very object; None where it is neither."""
        assert node.call is not None
        for name, number in node.call.inputs:
            if is_same_object(value, self.facts.values[number]):
                return "input", name
        return next((("out", at) for at, out in enumerate(node.outs) if is_same_object(value, out)), None)

    def places(self, call: BackwardCall, node: PassNode) -> list[int | None]:
        """Return for each argument of a node that is a value which of the returned gradients is for it.

        Gradients come in the order of the arguments; where there are fewer, those for labels and targets are missing,
        and the only one may be for the only argument that a node has made.
        """
        assert node.call is not None
        made = self.place_made(call, node)
        if made is not None:
            return [0 if place == made else None for place in range(len(node.arguments))]
        names = [str(node.call.inputs[argument][0]) for argument in node.arguments]
        differentiable = [argument for argument, name in zip(node.arguments, names, strict=True) if name not in TARGETS]
        if len(call.gradients) == len(differentiable) < len(node.arguments):
            order = {argument: place for place, argument in enumerate(differentiable)}
            return [order.get(argument) for argument in node.arguments]
        return [argument if argument < len(call.gradients) else None for argument in node.arguments]

    def place_made(self, call: BackwardCall, node: PassNode) -> int | None:
        """Return the argument that a single gradient is for where there are several: the one that a node has made."""
        if len(call.gradients) != 1 or len(node.arguments) < 2:
            return None
        names = node.node.inputs[: len(node.arguments)]
        made = [place for place, name in enumerate(names) if not self.watched.graph.is_leaf(name)]
        return made[0] if len(made) == 1 else None


def gives_derivative(node: PassNode) -> bool:
    """Return whether a node's call back returns the local derivative, and is handed no gradient."""
    return node.call is not None and node.call.style == "derivative"


def is_zero(value: SeenValue | None) -> bool:
    """Return whether a value is the number 0."""
    return value is not None and not value.array.shape and not value.array.any()


def is_same_object(one: SeenValue, other: SeenValue) -> bool:
    """Return whether two values were the very object, unchanged."""
    return bool(one.event.token) and one.event.token == other.event.token and is_like(one, other)
