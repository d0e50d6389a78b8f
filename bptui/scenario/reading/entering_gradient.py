"""What the shapes of a network decide: the gradient that enters at its output, and whether its targets make sense."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from bptui.core.graph import Graph
from bptui.core.text import number, shape_in_words, visible
from bptui.own_layers.own_layer import OwnLayer
from bptui.scenario.problems import Problems
from bptui.scenario.reading.names import Places
from bptui.scenario.reading.table_keys import index_text, numbers
from bptui.scenario.reading.value_forms import as_read_only
from bptui.scenario.toml import Document
from layers import Array, Layer, Shape
from layers import library as built_in

MOST_OFF = 1e-6
"""How far from 1 a target distribution may sum: what rounding to float32 or to six printed digits does."""


def read_dout(document: Document, output: str, shape: Shape | None, kind: np.dtype[np.generic]) -> Array:
    """Return the gradient that enters at the output: ones, or what ``[run] dout`` writes; a number goes everywhere.

    Where the shape is not known before the run, a number stays one.
    Raises ScenarioError where it is not of the output's shape.
    """
    path = ("run", "dout")
    run = document.data.get("run", {})
    if "dout" not in run:
        return as_read_only(np.ones(shape or (), dtype=kind))
    written = numbers(document, path, run["dout"], kind)
    if shape is None or written.shape == shape:
        return written
    if not written.shape:
        return as_read_only(np.full(shape, written, dtype=kind))
    got = shape_in_words(written.shape)
    raise document.error(f"dout is {got}, but {visible(output)} is {shape_in_words(shape)}", *path)


def check_distributions(document: Document, places: Places, targets: Mapping[str, Array], problems: Problems) -> None:
    """Find targets whose rows do not sum to 1."""
    for name, distributions in targets.items():
        sums = distributions.sum(axis=-1)
        for row in np.argwhere(~(np.abs(sums - 1) <= MOST_OFF)).tolist()[:1]:
            with problems.collecting():
                message = f"a target distribution sums to 1, this one to {number(sums[tuple(row)], 7)}"
                raise document.error(f"{visible(name)}{index_text(row)}: {message}", *places[name], *row)


def distributions(
    graph: Graph,
    values: Mapping[str, Array],
    shapes: Mapping[str, Shape],
    library: Mapping[str, type[Layer] | OwnLayer],
) -> Iterator[tuple[str, Array]]:
    """Yield the inputs that SoftmaxWithLoss takes for distributions.

    The layer itself does not judge them: a gradient check feeds it sums that are slightly off, on purpose.
    """
    for node in graph.nodes:
        if library[node.layer] is built_in["SoftmaxWithLoss"]:
            x, t = node.inputs
            if t in graph.inputs and shapes.get(x) == shapes[t]:
                yield t, values[t]
