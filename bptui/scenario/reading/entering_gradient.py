"""What the shapes of a network decide: the gradient that enters at its output, and whether its targets make sense."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from bptui.core.graph import Graph
from bptui.core.text import number, shape_in_words, visible
from bptui.own_layers.own_layer import OwnLayer
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


def distribution_remarks(targets: Iterable[tuple[str, str, Array]]) -> Mapping[str, str]:
    """Return by node what there is to say of target distributions whose rows do not sum to 1.

    They are accepted: the gradient is what the formula says, ``Σt × softmax(x) - t``.
    """
    remarks = {}
    for node, name, t in targets:
        sums = t.sum(axis=-1)
        rows = np.argwhere(~(np.abs(sums - 1) <= MOST_OFF)).tolist()
        if rows:
            more = (
                f", nor do {len(rows) - 1} more rows" if len(rows) > 2 else ", nor does one more row" * (len(rows) - 1)
            )
            row = f"{visible(name)}{index_text(rows[0])} sums to {number(sums[tuple(rows[0])], 7)}, not to 1{more}"
            remarks[node] = f"{row}; the gradient is Σt × softmax(x) - t all the same"
    return remarks


def distributions(
    graph: Graph,
    values: Mapping[str, Array],
    library: Mapping[str, type[Layer] | OwnLayer],
) -> Iterator[tuple[str, str, Array]]:
    """Yield the inputs that SoftmaxWithLoss takes for distributions, each after the names of its node and its own."""
    for node in graph.nodes:
        if library[node.layer] is built_in["SoftmaxWithLoss"]:
            _, t = node.inputs
            if t in graph.inputs and values[t].dtype.kind == "f":
                yield node.name, t, values[t]
