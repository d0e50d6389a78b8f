"""Small scenarios, by hand and at random, for tests of whatever runs or shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

import layers
from bptui.core.graph import Graph, Node
from bptui.core.optimizer import SGD
from bptui.scenario.scenario import Scenario, Train
from layers import Array

UNARY = ("Neg", "Tanh", "Sigmoid", "Sin", "Relu", "Exp", "Abs")
BINARY = ("Add", "Sub", "Mul", "Maximum")


def make_scenario(
    nodes: Sequence[Node],
    *,
    inputs: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    constants: Mapping[str, Any] | None = None,
    dout: Any = 1.0,
    train: Train | None = None,
    dtype: type = np.float64,
) -> Scenario:
    """Return a scenario whose output is the last of ``nodes``, which stand in forward order."""
    groups = [inputs or {}, parameters or {}, constants or {}]
    leaves = [tuple(group) for group in groups]
    graph = Graph(leaves[0], leaves[1], leaves[2], tuple(nodes), nodes[-1].name)
    values = {name: read_only(value, dtype) for group in groups for name, value in group.items()}
    return Scenario(
        title="made by a test",
        about="",
        source="",
        path=None,
        dtype=np.dtype(dtype),
        seed=0,
        graph=graph,
        values=values,
        library=layers.library,
        dout=read_only(dout, dtype),
        train=train,
    )


def read_only(value: Any, dtype: type) -> Array:
    """Return ``value`` as the loader would hand it on: integers that are arrays already stay integers."""
    keeps = isinstance(value, np.ndarray) and value.dtype.kind == "i"
    array = np.array(value, dtype=None if keeps else dtype)
    array.flags.writeable = False
    return array


def buy_apple(*, train: Train | None = None) -> Scenario:
    """Return Saito's first example (ch. 5.1): two apples at 100 each, with 10 % tax."""
    return make_scenario(
        [Node("price.1", "Mul", ("apple", "count")), Node("price", "Mul", ("price.1", "tax"))],
        inputs={"apple": 100, "count": 2},
        parameters={"tax": 1.1},
        train=train,
    )


def chain(length: int, *, iterations: int = 1) -> Scenario:
    """Return ``length`` scalar nodes in a row, products and sums in turn, each with one shared weight."""
    nodes = [
        Node(f"n{i}", "Add" if i % 2 else "Mul", (f"n{i - 1}" if i else "x", "w" if i % 2 else "v"))
        for i in range(length)
    ]
    train = Train(SGD(lr=1e-6), iterations) if iterations > 1 else None
    return make_scenario(nodes, inputs={"x": 1.0}, parameters={"w": 0.001, "v": 0.999}, train=train)


@st.composite
def random_scenarios(
    draw: st.DrawFn, *, shapes: Sequence[tuple[int, ...]] = ((), (3,), (2, 3)), iterations: int = 1
) -> Scenario:
    """Draw a network of 1 to 8 nodes with fan-out, broadcasting and repeated use, and smooth enough to check."""
    numbers = st.floats(-2, 2, allow_nan=False).map(lambda x: round(x, 3) + 0.0137)
    shape = st.sampled_from(shapes)

    def array() -> Array:
        size = draw(shape)
        count = int(np.prod(size, dtype=int))
        return np.array(draw(st.lists(numbers, min_size=count, max_size=count))).reshape(size)

    leaves = {name: array() for name in ("x", "y", "W")}
    names = list(leaves)
    nodes = []
    for index in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(UNARY + BINARY))
        # the latest name first, so that most of the network hangs together
        inputs = [
            names[-1] if draw(st.booleans()) else draw(st.sampled_from(names)) for _ in range(1 + (kind in BINARY))
        ]
        nodes.append(Node(f"n{index}", kind, tuple(inputs)))
        names.append(f"n{index}")
    nodes.append(Node("out", "Sum", (names[-1],)) if shapes != ((),) else Node("out", "Neg", (names[-1],)))
    parameters = {"W": leaves.pop("W")}
    train = Train(SGD(lr=0.01), iterations) if iterations > 1 else None
    return make_scenario(nodes, inputs=leaves, parameters=parameters, dout=draw(numbers), train=train)
