"""Elements are measured side by side only where they cannot disturb each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bptui.checking.numeric.affine_inputs import is_affine
from bptui.checking.numeric.finite_differences import Point
from bptui.checking.numeric.independent_axes import Ties, find_ties
from layers import Array, Layer, library

draw = np.random.default_rng(0)
X = draw.standard_normal((5, 7))
W = draw.standard_normal((7, 6))
B = draw.standard_normal(6)


TIED: list[tuple[str, dict[str, Any], int, tuple[Array, ...], Ties]] = [
    ("Relu", {}, 0, (X,), Ties((5, 7), (0, 1), (0, 1))),
    ("Softmax", {"axis": 1}, 0, (X,), Ties((5, 7), (0,), (0,))),
    ("Affine", {}, 0, (X, W, B), Ties((5, 7), (0,), (0,))),
    ("Affine", {}, 1, (X, W, B), Ties((7, 6), (1,), (1,))),
    ("Transpose", {}, 0, (X,), Ties((5, 7), (0, 1), (1, 0))),
    ("Sum", {"axis": 0}, 0, (X,), Ties((5, 7), (1,), (0,))),
]


@pytest.mark.parametrize("row", TIED, ids=lambda row: f"{row[0]} {row[2]}")
def test_axes_are_tied_where_a_slice_moves_its_own_slice_only(
    row: tuple[str, dict[str, Any], int, tuple[Array, ...], Ties],
) -> None:
    name, options, position, inputs, wanted = row

    def forward(values: tuple[Array, ...]) -> Array:
        layer: Any = library[name]
        return np.asarray(layer(**options).forward(*values))

    assert find_ties(forward, inputs, position, forward(inputs)) == wanted


def test_a_total_is_that_of_the_part_reached_in_the_order_of_the_columns() -> None:
    x = draw.standard_normal((2, 3, 4))
    out = x.transpose(2, 0, 1)
    both = Ties((2, 3, 4), (0, 2), (1, 0))
    assert both.width == 8
    for column in both.columns.T:
        at = np.zeros(24)
        at[column] = x.reshape(-1)[column]
        np.testing.assert_allclose(both.total(at.reshape(2, 3, 4).transpose(2, 0, 1)), x.reshape(-1)[column])
    np.testing.assert_allclose(both.total(out), x.sum(axis=1).reshape(-1))


def point(layer: type[Layer], *inputs: Array) -> Point:
    def forward(values: tuple[Array, ...]) -> Array:
        return np.asarray(layer().forward(*values))

    out = forward(inputs)
    return Point(forward, inputs, inputs, out, np.ones_like(out))


@pytest.mark.parametrize(
    ("name", "inputs", "wanted"),
    [
        ("Affine", (X, W, B), True),
        ("Add", (X, X), True),
        ("Sum", (X,), True),
        ("Transpose", (X,), True),
        ("Exp", (X,), False),
        ("Relu", (X,), False),
        ("Relu", (np.zeros((5, 7)),), False),
        ("Relu", (1e-9 * X,), False),
        ("Max", (X,), False),
        ("Max", (np.zeros((5, 7)),), False),
        ("Var", (X,), False),
        ("Abs", (np.abs(X) + 0.1,), False),
    ],
)
def test_a_straight_line_is_told_from_a_bend_or_a_kink(name: str, inputs: tuple[Array, ...], wanted: bool) -> None:
    assert is_affine(point(library[name], *inputs), 0) is wanted
