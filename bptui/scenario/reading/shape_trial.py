"""A trial forward: every node once, before anything runs, so that shapes that do not fit are errors in the scenario."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from bptui.core.graph import Graph, Node
from bptui.core.text import shape, visible
from bptui.errors import ScenarioError, Where
from bptui.own_layers.own_layer import OwnLayer
from bptui.scenario.problems import Problems
from bptui.scenario.reading.value_size import MemoryBudget, predicted_size
from layers import Array, Layer

Shape: TypeAlias = "tuple[int, ...]"


def shapes_of(
    graph: Graph,
    values: Mapping[str, Array],
    library: Mapping[str, type[Layer] | OwnLayer],
    problems: Problems,
    origins: Mapping[str, Where],
) -> dict[str, Shape]:
    """Return the shape of every value, running each node's forward once and keeping no value longer than needed.

    ``origins`` tells where values are defined. Raises ScenarioError where those that are given take too much memory.
    A node that fails is a problem, and what depends on it is left out, as is what depends on a layer of the user's
    own: opening a scenario runs none.
    """
    uses = Counter(name for node in graph.nodes for name in node.inputs)
    shapes = {name: value.shape for name, value in values.items()}
    alive = {name: value[()] for name, value in values.items()}
    budget = MemoryBudget()
    with problems.collecting():
        for name, value in values.items():
            budget.give(name, value, origins.get(name))
    problems.raise_any()
    lines = {name: where.line for name, where in origins.items()}
    for node in graph.nodes:
        layer = library[node.layer]
        if isinstance(layer, OwnLayer) or not shapes.keys() >= set(node.inputs):
            continue
        inputs = [alive[name] for name in node.inputs]
        with problems.collecting():
            budget.check(node.name, predicted_size(layer, node.options, inputs), node.where)
            alive[node.name] = forward(node, layer, inputs, lines)
            budget.take(node.name, np.size(alive[node.name]), alive[node.name].itemsize, node.where)
            shapes[node.name] = np.shape(alive[node.name])
        uses.subtract(node.inputs)
        for name in (*node.inputs, node.name):
            if not uses[name]:
                alive.pop(name, None)
    return shapes


def forward(node: Node, layer: type[Layer], inputs: list[Array], lines: Mapping[str, int | None]) -> Array:
    """Return a node's value. Raises ScenarioError where its layer refuses its options or inputs."""
    try:
        with np.errstate(all="ignore"):
            return layer(**node.options).forward(*inputs)
    except (ValueError, TypeError, IndexError, ArithmeticError, MemoryError) as error:
        reason = visible(str(error).strip() or type(error).__name__)
    given = ", ".join(
        dict.fromkeys(in_words(name, value, lines.get(name)) for name, value in zip(node.inputs, inputs, strict=True))
    )
    raise ScenarioError(f"{visible(node.name)}: {node.layer}: {reason}; {given}", where=node.where)


def in_words(name: str, value: Array, line: int | None) -> str:
    """Return what a value is and where it comes from: ``x is [2, 3] (line 5)``."""
    place = f" (line {line})" if line else ""
    return f"{visible(name)} is {shape(value)}{place}"


def shape_in_words(dimensions: Shape) -> str:
    """Return how a person writes the shape of an array that is not at hand."""
    return shape(np.broadcast_to(np.int8(0), dimensions))
