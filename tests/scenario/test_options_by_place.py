"""Constants beyond a layer's inputs are its options in order; what neither takes is a mistake in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bptui.errors import ScenarioError
from bptui.scenario.load import loads
from bptui.scenario_tape import run
from guests import layer_file

TEXT = '[inputs]\nx = [[1.0, -2.0], [0.5, 3.0]]\ny = [[2.0, 1.0], [1.0, 4.0]]\n[nodes]\nz = "{formula}"\n'
LINE = 5


def options(formula: str, **more: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    node = loads(TEXT.replace("{formula}", formula), **more).graph.nodes[-1]
    return node.inputs, dict(node.options)


@pytest.mark.parametrize(
    ("formula", "inputs", "named"),
    [
        ("Sum(x, 0)", ("x",), {"axis": 0}),
        ("Sum(x, [0, 1], true)", ("x",), {"axis": [0, 1], "keepdims": True}),
        ("Sum(x, 0, keepdims=true)", ("x",), {"axis": 0, "keepdims": True}),
        ("Sum(x, true, axis=-1)", ("x",), {"axis": -1, "keepdims": True}),
        ("Clip(x, -1, 1.5)", ("x",), {"min": -1, "max": 1.5}),
        ("Clip(x, None, 0)", ("x",), {"min": None, "max": 0}),
        ("Reshape(x, [4])", ("x",), {"shape": [4]}),
        ("MeanSquaredError(x, y, 'sum')", ("x", "y"), {"reduction": "sum"}),
        ("x * 2", ("x", "2"), {}),
        ("Maximum(x, 2)", ("x", "2"), {}),
    ],
)
def test_a_built_in_layer_has_them_by_name(formula: str, inputs: tuple[str, ...], named: dict[str, Any]) -> None:
    assert options(formula) == (inputs, named)


OWN = """
def scale_forward(x, param):
    return x * param["by"], param
def scale_backward(dout, cache):
    return dout * cache["by"]

class Pool:
    def __init__(self, W, size, stride=1, *, mode="max"):
        self.W = W
    def forward(self, x, train=True):
        return x
    def backward(self, dout):
        return dout

class Power:
    def forward(self, x, p, times=1):
        return x
    def backward(self, dout):
        return dout, None
"""


@pytest.mark.parametrize(
    ("formula", "inputs", "named"),
    [
        ("scale(x, {'by': 3})", ("x",), {"param": {"by": 3}}),
        ("scale(x, param={'by': 3})", ("x",), {"param": {"by": 3}}),
        ("Pool(x, y, 2)", ("x", "y"), {"size": 2}),
        ("Pool(x, y, 2, 3, 'mean', false)", ("x", "y"), {"size": 2, "stride": 3, "mode": "mean", "train": False}),
        ("Pool(x, y, 3, size=2)", ("x", "y"), {"size": 2, "stride": 3}),
        ("Power(x, 2)", ("x", "2"), {}),
        ("Power(x, 2, 3)", ("x", "2"), {"times": 3}),
    ],
)
def test_a_layer_of_the_user_s_own_has_them_by_name(
    tmp_path: Path, formula: str, inputs: tuple[str, ...], named: dict[str, Any]
) -> None:
    assert options(formula, layers=[layer_file(tmp_path, OWN).path]) == (inputs, named)


def test_a_table_arrives_as_it_was_written(tmp_path: Path) -> None:
    text = TEXT.replace("{formula}", "scale(x, param={'by': 3})")
    tape = run(loads(text, layers=[layer_file(tmp_path, OWN).path]))
    np.testing.assert_array_equal(tape.values["z"], [[3, -6], [1.5, 9]])
    np.testing.assert_array_equal(tape.gradients["x"], np.full((2, 2), 3.0))


@pytest.mark.parametrize(
    ("formula", "column", "message"),
    [
        ("Relu(x, true)", 14, "true is not a value"),
        ("Relu(None)", 11, "None is not a value"),
        ("Relu(x, 'fast')", 14, "the text 'fast' is not a value"),
        ("x + Relu([1, 2])", 15, "a list is not a value"),
        ("Relu(x, {'pad': 1})", 14, "a table is not a value"),
        ("Relu(x, 2)", 6, "Relu takes 1 input (x), got 2"),
        ("Nothing(x, [1, 2])", 6, "no layer is called Nothing"),
    ],
)
def test_what_no_option_takes_is_a_mistake(formula: str, column: int, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        options(formula)
    assert message in caught.value.message
    assert (caught.value.line, caught.value.column) == (LINE, column)
