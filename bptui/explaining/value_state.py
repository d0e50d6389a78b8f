"""How a value stands at a moment: what it still waits for, and whether anything is wrong with it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from bptui.core import text
from bptui.core.graph import Graph, Node, Use
from bptui.core.moment import Moment
from bptui.core.order import Pass, RecordedOrder
from bptui.core.tape import Tape
from bptui.explaining.formula_words import words_of

ONLY_FORWARD = "your program only goes forward here"

ENDED, CUT = "your program has ended here", "the recording ends here"

WITHOUT_GRADIENT = {"condition": "a condition takes", "indices": "indices take", "rows": "indices take"}
"""What a value is that is only used as one of these inputs."""


def kind_of_value(moment: Moment, name: str) -> str:
    """Return what a value is: a node's layer, or in a word what kind of leaf."""
    graph = moment.graph
    if node := graph.node(name):
        return text.visible(node.layer)
    if name in graph.parameters:
        return "parameter"
    return "input" if name in graph.inputs else "constant"


def waiting(moment: Moment, name: str) -> str:
    """Return in words what a value has still to wait for in this iteration; empty where there is nothing."""
    order, iteration = moment.order, moment.progress.iteration
    if moment.value(name) is None:
        return f"not reached yet: goes forward at step {order.step_number(iteration, Pass.FORWARD, name)}"
    if not moment.passes.backward:
        return broken_off(moment) or ONLY_FORWARD
    if not gradient_can_arrive(moment, name):
        return no_gradient_words(moment, name)
    if not moment.awaits_gradient(name):
        return "" if moment.gradient(name) is not None else broken_off(moment) or "no gradient reaches it"
    last = order.complete_at(iteration, name)
    if moment.gradient(name) is None:
        return f"no gradient yet: it is complete at step {last}"
    arrived, count = arrived_count(moment, name), use_count(moment, name)
    return f"{arrived:,} of {count:,} contributions so far, complete at step {last}"


def no_gradient_words(moment: Moment, name: str) -> str:
    """Return in words why no gradient can arrive at a value: ``labels take no gradient``."""
    graph = moment.graph
    if name in graph.constants:
        return "a constant takes no gradient"
    uses = graph.uses[graph.slots[name]]
    slots = {slot_of_use(moment.tape, graph, use) for use in uses}
    if len(slots) == 1 and (told := WITHOUT_GRADIENT.get(next(iter(slots)))):
        return f"{told} no gradient"
    if any(is_target(moment.tape, graph, use) for use in uses):
        return "labels take no gradient"
    value = moment.value(name)
    return f"{'truth values' if value is not None and value.dtype.kind == 'b' else 'whole numbers'} take no gradient"


def gradient_can_arrive(moment: Moment, name: str) -> bool:
    """Return whether a gradient can arrive at a value: it is neither a constant nor integers nor labels only."""
    graph = moment.graph
    if name in graph.constants:
        return False
    if (value := moment.value(name)) is not None and value.dtype.kind != "f":
        return False
    uses = graph.uses[graph.slots[name]]
    return not uses or any(not is_target(moment.tape, graph, use) for use in uses)


def is_target(tape: Tape, graph: Graph, use: Use) -> bool:
    """Return whether a use of a value takes it for labels."""
    return slot_of_use(tape, graph, use) in words_of(tape, graph.nodes[use.node]).targets


def slot_of_use(tape: Tape, graph: Graph, use: Use) -> str:
    """Return what the layer that uses a value calls that input; empty where it has no name for it."""
    words = words_of(tape, graph.nodes[use.node])
    return words.inputs[use.position] if use.position < len(words.inputs) else ""


def gradient_uses(moment: Moment, name: str) -> Iterator[Use]:
    """Yield the uses of a value that the output depends on, in the order in which backward comes by."""
    passes = moment.passes
    for rank, edge in zip(*passes.arrivals_at(name), strict=True):
        yield Use(passes.backward[rank], edge - passes.first_edges[rank])


def use_count(moment: Moment, name: str) -> int:
    """Return how many uses of a value the output depends on."""
    return len(moment.passes.arrivals_at(name).ranks)


def arrived_count(moment: Moment, name: str) -> int:
    """Return by how many of those uses backward has come."""
    return bisect_left(moment.passes.arrivals_at(name).ranks, moment.progress.backward)


def before_update(moment: Moment) -> Moment:
    """Return the last moment of this iteration at which the parameters were those that its nodes worked with."""
    return moment.tape.at(moment.position - moment.progress.update)


def no_backward(moment: Moment, node: Node) -> str:
    """Return in words why a node does not go back in this iteration."""
    if node.call is None:
        return "the output does not depend on it: no gradient reaches it"
    if why := broken_off(moment):
        return why
    return "your program does not call it here" if moment.passes.backward else ONLY_FORWARD


def broken_off(moment: Moment) -> str:
    """Return in words why nobody knows how an iteration of a program would have gone on; empty where it is whole."""
    tape, iteration = moment.tape, moment.progress.iteration
    if not isinstance(tape.order, RecordedOrder) or iteration + 1 < tape.order.iterations:
        return ""
    if tape.failure is not None:
        return ENDED
    return CUT if tape.is_cut else ""
