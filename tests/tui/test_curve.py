"""A curve is the layer's own function, and its tangent the layer's own derivative, here held against NumPy's."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.graph import Node
from bptui.lines.line import line_width
from bptui.scenario.load import loads
from bptui.scenario_tape import run
from bptui.tui.content.curve import Curve, curve_lines, curve_of
from layer_cases import rows_of, single_output_layers
from layers import Array, Layer
from strategies import make_scenario


def curve(formula: str, x: str = "0.5", *, position: int = 1) -> Curve | None:
    return curve_of(run(loads(f'[inputs]\nx = {x}\n[nodes]\ny = "{formula}"\n')).at(position), "y")


def written(found: Curve, width: int = 40, height: int = 9) -> list[str]:
    return ["".join(span.text for span in line) for line in curve_lines(found, width, height)]


@pytest.mark.parametrize(
    ("formula", "function", "slope"),
    [
        ("Relu(x)", lambda x: np.maximum(x, 0), 1.0),
        ("Sigmoid(x)", lambda x: 1 / (1 + np.exp(-x)), 0.2350037122015945),  # σ(1 - σ) at 0.5
        ("Tanh(x)", np.tanh, 1 - np.tanh(0.5) ** 2),
        ("Exp(x)", np.exp, np.exp(0.5)),
        ("Sin(x)", np.sin, np.cos(0.5)),
        ("Cos(x)", np.cos, -np.sin(0.5)),
        ("Abs(x)", np.abs, 1.0),
        ("-x", np.negative, -1.0),
        ("x ** 3", lambda x: x**3, 0.75),
        ("LeakyRelu(x, slope=0.1)", lambda x: np.where(x > 0, x, 0.1 * x), 1.0),
        ("Softplus(x, beta=2)", lambda x: np.log1p(np.exp(2 * x)) / 2, 1 / (1 + np.exp(-1))),
        ("LogSigmoid(x)", lambda x: -np.log1p(np.exp(-x)), 1 / (1 + np.exp(0.5))),
        ("Silu(x)", lambda x: x / (1 + np.exp(-x)), 0.7399611873),  # PyTorch 2.13.0
        ("Gelu(x)", lambda x: x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2, 0.8674951247),  # the same
        ("Elu(x)", lambda x: np.where(x > 0, x, np.expm1(x)), 1.0),
        ("Erf(x)", np.vectorize(math.erf), 2 / math.sqrt(math.pi) * math.exp(-0.25)),
        ("Square(x)", np.square, 1.0),
        ("PRelu(x, 0.25)", lambda x: np.where(x > 0, x, 0.25 * x), 1.0),
        ("Clip(x, min=0, max=1)", lambda x: np.clip(x, 0, 1), 1.0),
    ],
)
def test_the_curve_is_the_function_and_the_tangent_its_derivative(
    formula: str, function: Callable[[Array], Array], slope: float
) -> None:
    found = curve(formula)
    assert found is not None
    np.testing.assert_allclose(found.y, function(found.x), atol=1e-12)
    assert found.point == (0.5, pytest.approx(float(function(np.array(0.5)))))
    assert found.slope == pytest.approx(slope)
    assert found.x[0] < 0.5 < found.x[-1]


@pytest.mark.parametrize("formula", ["Log(x)", "Sqrt(x)", "1 / x"])
def test_where_a_function_has_no_value_its_curve_has_no_dot(formula: str) -> None:
    found = curve(formula)
    assert found is not None
    assert np.isfinite(found.y).all()
    assert written(found)


@pytest.mark.parametrize("formula", ["x + 2", "3 * x", "Softmax(x)", "Sum(x)", "Transpose(x)", "Detach(x)", "x * x"])
def test_what_is_no_curve_of_one_input_has_none(formula: str) -> None:
    assert curve(formula, "[0.5, 1]") is None


@pytest.mark.parametrize("x", ["nan", "inf", "-inf", "1e300"])
def test_a_point_that_cannot_be_drawn_has_no_curve(x: str) -> None:
    assert curve("Relu(x)", x) is None


@given(data=st.data(), layer=st.sampled_from(single_output_layers))
def test_no_layer_on_any_of_its_examples_breaks_the_picture(data: st.DataObject, layer: type[Layer]) -> None:
    options, inputs = data.draw(rows_of(layer))
    values = {f"v{at}": it if isinstance(it, np.ndarray) else np.full(it, 0.5) for at, it in enumerate(inputs)}
    nodes = [Node("y", layer.__name__, tuple(values), options), Node("total", "Sum", ("y",))]
    scenario = make_scenario(nodes, inputs=values)
    found = curve_of(run(scenario).at(1), "y")
    assert found is None or len(inputs) == 1


def test_before_its_forward_a_node_has_no_curve() -> None:
    assert curve("Relu(x)", position=0) is None


def test_a_vectors_elements_are_points_on_one_curve_with_the_wanted_one_first() -> None:
    tape = run(loads('[inputs]\nx = [-1, 2, 3]\n[nodes]\ny = "Relu(x)"\n'))
    found = curve_of(tape.at(1), "y", 1)
    assert found is not None
    assert found.point == (2.0, 2.0)
    assert set(found.points) == {(-1.0, 0.0), (2.0, 2.0), (3.0, 3.0)}


def test_a_thousand_elements_are_thinned_out() -> None:
    values = ", ".join(str(at / 100) for at in range(1000))
    found = curve("Relu(x)", f"[{values}]")
    assert found is not None
    assert len(found.points) <= 202


def test_the_point_is_drawn_where_it_lies() -> None:
    found = curve("Relu(x)", "2.0")
    assert found is not None
    lines = curve_lines(found, 46, 12)
    margin = len(lines[0][0].text)
    place = next(text.index("●") for line in lines if "●" in (text := "".join(span.text for span in line)))
    share = (place - margin) / (46 - margin)
    assert share == pytest.approx((2.0 - found.x[0]) / (found.x[-1] - found.x[0]), abs=0.03)


@given(
    formula=st.sampled_from(["Relu(x)", "Sigmoid(x)", "Exp(x)", "Log(x)", "1 / x", "x ** 2", "Sqrt(x)"]),
    x=st.floats(-1e6, 1e6, allow_nan=False),
    width=st.integers(1, 100),
    height=st.integers(1, 30),
)
def test_a_picture_fits_wherever_the_point_is(formula: str, x: float, width: int, height: int) -> None:
    found = curve(formula, repr(x))
    if found is not None:
        lines = curve_lines(found, width, height)
        assert len(lines) in (0, height)
        assert all(line_width(line) <= width for line in lines)


def test_the_tangent_is_dotted_so_that_it_needs_no_colour() -> None:
    found = curve("x ** 2", "2.0")
    assert found is not None
    styles = [span.style for line in curve_lines(found, 60, 14) for span in line if span.text.strip()]
    assert {"value", "gradient"} <= set(styles)
