"""How values and gradients fare from node to node in one iteration: norms and gains, dead and saturated shares.

A gradient is called vanishing or exploding by what a relative change of a value does to the output, which is at most
‖value‖ × ‖gradient‖: where prices are multiplied that stays the same however large they are, and in a deep network it
is what is lost.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Sequence
from itertools import pairwise

import numpy as np

from bptui.core import text
from bptui.core.graph import Graph, Node
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.step import BackwardStep, UpdateStep
from bptui.deferred_dataclass import dataclass
from bptui.explaining.non_finite import beginnings, non_finite
from layers import Array

FOLD = 1000.0
"""How many times smaller or larger a gradient becomes from one end of the network to the other that is worth a word."""

DEAD, SATURATED, SHARE = 0.5, 0.3, 0.5
"""Shares of a layer's units, of its elements, and of a fold, from which on they are spoken of."""

FLAT = 0.05
"""Of the steepest slope of an activation: where it is less, the activation is saturated."""

STEEPEST = {"sigmoid": 0.25, "tanh": 1.0}
"""The steepest slope of the activations that saturate, by the layer's name in lower case."""

RECTIFIERS = frozenset({"relu"})

LARGE_UPDATE, SMALL_UPDATE = 0.1, 1e-7
"""Sizes of an update relative to its parameter, a matrix, from which on it is spoken of."""

DIVERGING_UPDATE = 2.0
"""The same of a bias or one number, which begins at 0 or near it: beyond its own size and more."""

CHAIN = 3
"""Nodes along which a gradient has to shrink, at least."""


@dataclass(frozen=True)
class NodeHealth:
    """How a node fares: the norms of what goes in and what comes out, forward and backward, and shares of elements.

    ``gain`` and ``backward_gain`` are what comes out relative to what went in; ``cumulative`` is the gradient that
    leaves relative to what entered the network. ``zeros`` is the share of its value's elements that are 0, ``dead`` of
    a rectifier's units that are 0 for every sample, ``saturated`` of those whose slope is nearly 0. None is for what
    is not there. ``is_blocked`` is where a gradient arrives and nothing of it goes on to the nodes before.
    """

    name: str
    layer: str
    norm_in: float | None = None
    norm_out: float | None = None
    gain: float | None = None
    dout: float | None = None
    gradient: float | None = None
    backward_gain: float | None = None
    cumulative: float | None = None
    zeros: float | None = None
    dead: float | None = None
    saturated: float | None = None
    steepest: float | None = None
    has_non_finite: bool = False
    samples: int = 1
    is_blocked: bool = False


@dataclass(frozen=True)
class ParameterHealth:
    """How large a parameter's update is relative to the parameter."""

    name: str
    ratio: float
    is_matrix: bool = True


@dataclass(frozen=True)
class Health:
    """All nodes, those in trouble first, the parameters that are trained, and what there is to say, the worst first."""

    nodes: tuple[NodeHealth, ...]
    updates: tuple[ParameterHealth, ...]
    sentences: tuple[str, ...]


def health_of(moment: Moment) -> Health:
    """Return how all nodes fare in the iteration at a moment, as far as it has run."""
    nodes = [node_health(moment, node) for node in moment.graph.nodes]
    updates = tuple(update_healths(moment))
    told = [*first_non_finite_words(moment), *fold_words(moment, nodes), *unit_words(nodes), *update_words(updates)]
    ranked = sorted(nodes, key=trouble_size, reverse=True)
    return Health(tuple(ranked), updates, tuple(told) or ("nothing stands out",))


def node_health(moment: Moment, node: Node) -> NodeHealth:
    """Return how one node fares."""
    out, before = moment.value(node.name), data_inputs(moment, node)
    norm_in = norm_of_all([it for _, it in before])
    norm_out = None if out is None else norm_of_all([out])
    found = moment.step_of(node.name, Pass.BACKWARD)
    step = found if isinstance(found, BackwardStep) else None
    dout = norm_of_all([it for it in step.douts if it is not None]) if step else None
    gradient = norm_of_all(gradients_to(step, {name for name, _ in before})) if step else None
    arrays = [it for it in (out, *(step.gradients if step else ())) if it is not None]
    saturated, steepest = saturation(node, out, step)
    return NodeHealth(
        node.name,
        node.layer,
        norm_in,
        norm_out,
        ratio(norm_out, norm_in),
        dout,
        gradient,
        ratio(gradient, dout),
        ratio(gradient, entering_norm(moment)),
        None if out is None or not out.size else float(np.mean(out == 0)),
        dead_share(node, out, step),
        saturated,
        steepest,
        any(map(non_finite, arrays)),
        samples=len(out) if out is not None and out.ndim > 1 else 1,
        is_blocked=bool(step and dout) and is_blocked(moment, step),
    )


def gradients_to(step: BackwardStep | None, names: Container[str]) -> list[Array]:
    """Return what a node sends back to the values of some names."""
    if step is None:
        return []
    pairs = zip(step.node.inputs, step.gradients, strict=True)
    return [it for name, it in pairs if it is not None and name in names]


def is_blocked(moment: Moment, step: BackwardStep | None) -> bool:
    """Return whether all is 0 that a node sends back to the nodes before it, if there are any."""
    if step is None:
        return False
    sent = gradients_to(step, {name for name in step.node.inputs if not moment.graph.is_leaf(name)})
    return bool(sent) and not any(map(np.any, sent))


def data_inputs(moment: Moment, node: Node) -> list[tuple[str, Array]]:
    """Return what goes through a node: its inputs that are numbers, and neither parameters nor constants."""
    names = [name for name in node.inputs if is_data_value(moment.graph, name)]
    found = [(name, value) for name in names if (value := moment.value(name)) is not None]
    return [(name, value) for name, value in found if value.dtype.kind == "f"]


def is_data_value(graph: Graph, name: str) -> bool:
    """Return whether a value is an input, or computed by a node."""
    return graph.slots[name] < len(graph.inputs) or not graph.is_leaf(name)


def norm_of_all(arrays: Sequence[Array]) -> float | None:
    """Return the norm of arrays as one, None where there is none."""
    if not arrays:
        return None
    with np.errstate(all="ignore"):
        return float(np.sqrt(sum(float(np.sum(np.square(it, dtype=np.float64))) for it in arrays)))


def ratio(one: float | None, other: float | None) -> float | None:
    """Return a quotient, None where one of the two is not there or the other is 0."""
    return None if one is None or not other else one / other


def entering_norm(moment: Moment) -> float | None:
    """Return the norm of the gradient that enters at the output."""
    dout = moment.gradient(moment.graph.output)
    return None if dout is None else norm_of_all([dout])


def dead_share(node: Node, out: Array | None, step: BackwardStep | None) -> float | None:
    """Return the share of a rectifier's units that are 0 for all samples; None for another layer.

    Of one of the user's own, the units are meant to which nothing is sent back, either.
    """
    if node.layer.casefold() not in RECTIFIERS or out is None or not out.ndim or not out.size:
        return None
    is_dead = ~units_of(out).any(axis=0)
    if is_own(node):
        sent = step.gradients[0] if step else None
        if sent is None or sent.shape != out.shape:
            return None
        is_dead &= ~units_of(sent).any(axis=0)
    return float(np.mean(is_dead))


def units_of(array: Array) -> Array:
    """Return an array as samples of units; one of a single axis is one sample."""
    return array.reshape(array.shape[0], -1) if array.ndim > 1 else array.reshape(1, -1)


def is_own(node: Node) -> bool:
    """Return whether a node's layer is one of the user's own, of which the name says little."""
    return bool(node.origin or node.call)


def saturation(node: Node, out: Array | None, step: BackwardStep | None) -> tuple[float | None, float | None]:
    """Return which share of a squashing activation is flat, and its steepest slope here; None for another layer.

    The slopes of one of the user's own are those that its backward has shown.
    """
    name = node.layer.casefold()
    if name not in STEEPEST or out is None or not out.size:
        return None, None
    slope = out * (1 - out) if name == "sigmoid" else 1 - out * out
    if is_own(node):
        dout, sent = (step.dout, step.gradients[0]) if step else (None, None)
        if dout is None or sent is None or not dout.shape == sent.shape == out.shape or not np.all(dout):
            return None, None
        slope = np.abs(sent / dout)
    return float(np.mean(slope < FLAT * STEEPEST[name])), float(np.max(slope))


def trouble_size(it: NodeHealth) -> float:
    """Return how much is wrong with a node, to sort by."""
    if it.has_non_finite:
        return 1e6
    lost = abs(math.log10(it.backward_gain)) if it.backward_gain and math.isfinite(it.backward_gain) else 0.0
    return 100.0 * it.is_blocked + lost + 2 * (it.dead or 0.0) + 2 * (it.saturated or 0.0)


# What there is to say.


def first_non_finite_words(moment: Moment) -> Iterator[str]:
    """Yield where NaN or infinity comes in first in each pass, with its operands."""
    order, iteration = moment.order, moment.progress.iteration
    told: set[Pass] = set()
    for number in range(order.start(iteration) + 1, moment.position + 1):
        turn = order[number]
        if turn.pass_ not in told and (words := next(beginnings(moment.tape.at(number)), "")):
            told.add(turn.pass_)
            yield f"{words} (step {number}, {turn.pass_.value} of {text.visible(turn.name, limit=40)})"


def fold_words(moment: Moment, nodes: Sequence[NodeHealth]) -> Iterator[str]:
    """Yield that the gradient vanishes or explodes on the way from the output, where, and at which layers."""
    chain = main_chain(moment, {it.name: it for it in nodes})
    reached = [(it, influence) for it in chain if it.dout and (influence := influence_of(it)) is not None]
    if len(reached) < CHAIN:
        return
    (first, before), (last, after) = reached[0], reached[-1]
    if not before or not after or not first.dout or not last.dout:
        return
    fold, weighed = first.dout / last.dout, before / after
    if not (fold > FOLD and weighed > FOLD) and not (fold < 1 / FOLD and weighed < 1 / FOLD):
        return
    verb, size = ("shrinks", fold) if fold > 1 else ("grows", 1 / fold)
    ends = f"{text.visible(first.name, limit=40)} and {text.visible(last.name, limit=40)}"
    yield f"the gradient {verb} {spoken_fold(size)}-fold between {ends}{blamed([it for it, _ in reached], fold)}"


def main_chain(moment: Moment, nodes: dict[str, NodeHealth]) -> list[NodeHealth]:
    """Return the nodes on the way back from the output along which most of the gradient goes, the output left out."""
    chain: list[NodeHealth] = []
    name: str | None = moment.graph.output
    while name is not None:
        node = moment.graph.node(name)
        if node is None:
            break
        if node.name != moment.graph.output:
            chain.append(nodes[node.name])
        inputs = [it for it, _ in data_inputs(moment, node) if moment.graph.node(it) is not None]
        sizes = {it: norm_of_all([gradient]) or 0.0 for it in inputs if (gradient := moment.gradient(it)) is not None}
        name = max(sizes, key=lambda it: sizes[it], default=None)
    return chain


def influence_of(it: NodeHealth) -> float | None:
    """Return what a relative change of a node's value does to the output, at most."""
    if it.dout is None or it.norm_out is None or not math.isfinite(it.dout * it.norm_out):
        return None
    return it.dout * it.norm_out


def blamed(chain: Sequence[NodeHealth], fold: float) -> str:
    """Return which layers most of it happens at, and for activations how steep they are."""
    by_layer: dict[str, float] = {}
    for it, after in pairwise(chain):
        if it.dout and after.dout:
            by_layer[it.layer] = by_layer.get(it.layer, 0.0) + math.log(it.dout / after.dout)
    layer = max(by_layer, key=lambda it: by_layer[it] * (1 if fold > 1 else -1), default=None)
    if layer is None or abs(math.log(fold)) == 0:
        return ""
    share = by_layer[layer] / math.log(fold)
    if share < SHARE:
        return ""
    slopes = [it.steepest for it in chain if it.layer == layer and it.steepest is not None]
    slope = f", whose slope here is at most {text.number(max(slopes), 2)}" if slopes and fold > 1 else ""
    part = "all" if share >= 1 else f"{share:.0%}"
    return f"; {part} of it at the {text.visible(layer, limit=40)} layers{slope}"


MILLION, BILLION = 1e6, 1e9


def spoken_fold(size: float) -> str:
    """Return a factor as people say it: 4,000, not 4,137; 9.9 million."""
    if size >= BILLION:
        return text.number(size, 2)
    digits = max(0, int(math.log10(size)) - 1)
    rounded = round(size / 10**digits) * 10**digits
    return f"{rounded / MILLION:g} million" if rounded >= MILLION else f"{rounded:,.0f}"


def unit_words(nodes: Sequence[NodeHealth]) -> Iterator[str]:
    """Yield where no gradient passes, which rectifiers are dead and which activations are saturated."""
    for it in sorted(nodes, key=lambda it: (not it.is_blocked, -max(it.dead or 0.0, it.saturated or 0.0))):
        name, layer = text.visible(it.name, limit=40), text.visible(it.layer, limit=40)
        if it.dead == 1.0:
            yield f"{name} ({layer}): all of its units are 0{for_samples(it)}, so no gradient passes there"
        elif it.is_blocked and it.dout:
            arrived = text.number(it.dout, 2)
            yield f"{name} ({layer}): a gradient of {arrived} arrives, and none of it goes on from there"
        elif it.samples > 1 and (it.dead or 0.0) >= DEAD:
            yield f"{name} ({layer}): {it.dead:.0%} of its units are 0{for_samples(it)}, and pass no gradient on"
        if (it.saturated or 0.0) >= SATURATED:
            least = text.number(FLAT * STEEPEST[it.layer.casefold()], 3)
            yield f"{name} ({layer}): {it.saturated:.0%} of its elements are saturated, their slope is below {least}"


def for_samples(it: NodeHealth) -> str:
    """Return that something is so for every sample, where there are several."""
    return f" for every one of the {it.samples} samples" if it.samples > 1 else ""


def update_healths(moment: Moment) -> Iterator[ParameterHealth]:
    """Yield how large each update of this iteration is."""
    for name in moment.passes.updated:
        step = moment.step_of(name, Pass.UPDATE)
        if isinstance(step, UpdateStep):
            moved, size = norm_of_all([step.after - step.before]), norm_of_all([step.before])
            if moved is not None and size:
                yield ParameterHealth(name, moved / size, is_matrix=step.before.ndim > 1)


def update_words(updates: Sequence[ParameterHealth]) -> Iterator[str]:
    """Yield which parameters move very much, or hardly at all."""
    for it in updates:
        if it.ratio > (LARGE_UPDATE if it.is_matrix else DIVERGING_UPDATE):
            yield f"{text.visible(it.name, limit=40)} changes by {it.ratio:.0%} of its size in one update"
        elif 0 < it.ratio < SMALL_UPDATE:
            yield f"{text.visible(it.name, limit=40)} hardly moves: an update is {text.number(it.ratio, 2)} of its size"
    still = [text.visible(it.name, limit=40) for it in updates if it.ratio == 0]
    if still:
        names = f"{', '.join(still[:-1])} and {still[-1]}" if len(still) > 1 else still[0]
        yield f"{names} {'do' if len(still) > 1 else 'does'} not move at all"
