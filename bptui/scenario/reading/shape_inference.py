"""Shape inference: how large every value will be, before any is computed, so that what does not fit is an error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TypeAlias

import numpy as np

from bptui.core.graph import Graph, Node
from bptui.core.text import shape_in_words, visible
from bptui.errors import ScenarioError, reason_of
from bptui.own_layers.own_layer import OwnLayer
from bptui.scenario.problems import Problems
from bptui.scenario.reading.initializers import MOST_ELEMENTS
from bptui.scenario.reading.signature import signature_of
from layers import Array, Layer, Shape

Library: TypeAlias = "Mapping[str, type[Layer] | OwnLayer]"

MOST_AXES = 64
"""As many as NumPy's arrays have."""

SMALLER = "smaller inputs, or another formula with smaller values"

REFUSALS = (ValueError, TypeError, IndexError, ArithmeticError, MemoryError)
"""What a layer raises at options, shapes and targets that do not fit."""


def infer_shapes(
    graph: Graph,
    values: Mapping[str, Array],
    library: Library,
    problems: Problems,
    lines: Mapping[str, int | None],
) -> dict[str, Shape]:
    """Return the shape of every value; numbers are computed only where a layer refuses targets for theirs.

    A node that does not fit is a problem, and what depends on it is left out, as is what depends on a layer of the
    user's own: opening a scenario runs none. ``lines`` tells in which line a value is defined.
    """
    shapes = {name: value.shape for name, value in values.items()}
    numbers = dict(values)
    wanted = behind_targets(graph, library)
    for node in graph.nodes:
        layer = library[node.layer]
        if isinstance(layer, OwnLayer) or not shapes.keys() >= set(node.inputs):
            continue
        with problems.collecting():
            inferred = inferred_shapes(node, layer, shapes, lines)
            if not wanted.isdisjoint(node.outputs):
                outs = values_of_node(node, layer, [numbers[name] for name in node.inputs], lines)
                numbers |= dict(zip(node.outputs, outs, strict=True))
            elif layer.targets:
                values_of_node(node, layer, [stand_in(name, numbers, shapes) for name in node.inputs], lines)
            shapes |= dict(zip(node.outputs, inferred, strict=True))
    return shapes


def behind_targets(graph: Graph, library: Library) -> set[str]:
    """Return the names of the computed targets, and of all that they are computed from."""
    behind: set[str] = set()
    for node in reversed(graph.nodes):
        layer = library[node.layer]
        if not behind.isdisjoint(node.outputs):
            behind.update(node.inputs)
        elif not isinstance(layer, OwnLayer) and layer.targets:
            slots = zip(signature_of(layer).inputs, node.inputs, strict=False)
            behind.update(name for slot, name in slots if slot in layer.targets)
    return behind


def inferred_shapes(
    node: Node, layer: type[Layer], shapes: Mapping[str, Shape], lines: Mapping[str, int | None]
) -> tuple[Shape, ...]:
    """Return the shape of each of a node's outputs.

    Raises ScenarioError where its layer refuses its options or its inputs' shapes, and where a value is too large.
    """
    given = [shapes[name] for name in node.inputs]
    try:
        made = layer(**node.options)
        inferred, inner = made.out_shapes(*given), made.inner_shapes(*given)
    except REFUSALS as error:
        raise refused(node, error, given, lines) from None
    excesses = chain(map(excess, inferred), (excess(it, "an array on its way") for it in inner))
    if what := next(filter(None, excesses), None):
        message = f"{visible(node.name)}: {node.layer}: {what}; {input_shape_words(node, given, lines)}"
        raise ScenarioError(message, hint=SMALLER, where=node.where)
    return inferred


def excess(shape: Shape, what: str = "its value") -> str | None:
    """Return how a value of ``shape`` would be too large, in words: it has too many elements or axes."""
    if len(shape) > MOST_AXES:
        return f"a value of {len(shape)} axes, and at most {MOST_AXES} are possible"
    if math.prod(filter(None, shape)) > MOST_ELEMENTS:
        return f"{what} would be {shape_in_words(shape)}, which is more than {MOST_ELEMENTS:,} elements"
    return None


def stand_in(name: str, numbers: Mapping[str, Array], shapes: Mapping[str, Shape]) -> Array:
    """Return a value, or zeros of its shape where it is not computed; they take no memory."""
    return numbers[name] if name in numbers else np.broadcast_to(np.float64(0), shapes[name])


def values_of_node(
    node: Node, layer: type[Layer], inputs: Sequence[Array], lines: Mapping[str, int | None]
) -> tuple[Array, ...]:
    """Return a node's outputs at ``inputs``. Raises ScenarioError where its layer refuses their numbers."""
    try:
        outs = layer(**node.options).forward(*inputs)
        return outs if len(node.outputs) > 1 else (outs,)
    except REFUSALS as error:
        raise refused(node, error, [np.shape(value) for value in inputs], lines) from None


def refused(node: Node, error: Exception, shapes: Sequence[Shape], lines: Mapping[str, int | None]) -> ScenarioError:
    """Return the error about a node whose layer has raised ``error`` at inputs of ``shapes``."""
    reason = visible(reason_of(error))
    return ScenarioError(
        f"{visible(node.name)}: {node.layer}: {reason}; {input_shape_words(node, shapes, lines)}", where=node.where
    )


def input_shape_words(node: Node, shapes: Sequence[Shape], lines: Mapping[str, int | None]) -> str:
    """Return what a node's inputs are and where they come from: ``x is [2, 3] (line 5), y is scalar``."""
    inputs = dict(zip(node.inputs, shapes, strict=True))
    places = {name: f" (line {lines[name]})" if lines.get(name) else "" for name in inputs}
    return ", ".join([f"{visible(name)} is {shape_in_words(it)}{places[name]}" for name, it in inputs.items()])
