"""How much memory the values of a network will take, known from their shapes before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from bptui.core.graph import Graph, Node
from bptui.core.text import visible
from bptui.errors import Location, ScenarioError
from layers import Shape

MOST_GIVEN_BYTES = 2**27
"""Of inputs and parameters: 16 million numbers. A check takes some twenty times as much."""

MOST_BYTES = 2**32
"""Of all values of an iteration and their gradients."""


def check_given(name: str, used: int, where: Location | None) -> None:
    """Raise ScenarioError where inputs and parameters, up to the one of this ``name``, take too many bytes."""
    if used > MOST_GIVEN_BYTES:
        told = f"{visible(name)}: inputs and parameters take {used >> 20:,} MB up to here"
        hint = f"at most {MOST_GIVEN_BYTES >> 20} MB are kept: take fewer rows, or dtype = 'float32'"
        raise ScenarioError(told, hint=hint, where=where)


def check_computed(graph: Graph, shapes: Mapping[str, Shape], itemsize: int) -> None:
    """Raise ScenarioError where the nodes' values and gradients, as far as shapes are known, take too much memory."""
    used = 0
    for node, kept in kept_values(graph):
        used += itemsize * sum(math.prod(shapes.get(name, (0,))) for name in kept)
        if used > MOST_BYTES:
            told = f"{visible(node.name)}: the values and their gradients take {used >> 20:,} MB up to here"
            raise ScenarioError(told, hint=f"at most {MOST_BYTES >> 20:,} MB are kept", where=node.where)


def kept_values(graph: Graph) -> Iterator[tuple[Node, list[str]]]:
    """Yield each node with the values like which arrays are kept at it.

    These are its own, what it contributes to the gradient of each input, and a sum of such where others did before.
    """
    used = set(graph.constants)
    for node in graph.nodes:
        taking = [name for name in node.inputs if name not in graph.constants]
        yield node, [*node.outputs, *taking, *(name for name in taking if name in used)]
        used.update(taking)
