"""What dout is multiplied by, in words and numbers; and nothing where a rule does more than multiply it."""

import pytest

from bptui.explaining.equations import gradient_equations
from bptui.explaining.local_derivatives import local_equations
from runs import tape_of

SMALL = "x = [1, -2]\ny = [3, 4]"
LARGE = "x = { shape = [2, 2, 4, 5], init = 'normal' }\ny = { shape = [1, 2, 2, 2], init = 'normal' }"


def told(inputs: str, formula: str) -> list[str]:
    """Return the local derivatives of a node ``out``, each as its equation."""
    tape = tape_of(f"[inputs]\n{inputs}\n[nodes]\nout = '''{formula}'''")
    return [str(equation) for equation, _ in local_equations(tape.at(2), "out")]


@pytest.mark.parametrize(
    ("formula", "derivatives"),
    [
        ("x + y", ["∂out/∂x = 1", "∂out/∂y = 1"]),
        ("x - y", ["∂out/∂x = 1", "∂out/∂y = -1"]),
        ("x * y", ["∂out/∂x = y = [3, 4]", "∂out/∂y = x = [1, -2]"]),
        (
            'MeanSquaredError(x, y, reduction="half_sum")',
            ["∂out/∂x = x - y = [-2, -6]", "∂out/∂y = -(x - y) = [2, 6]"],
        ),
        (
            "PRelu(x, y)",
            [
                "∂out/∂x = 1 where x > 0, else y = 1 where [1, -2] > 0, else [3, 4] = [1, 4]",
                "∂out/∂y = 0 where x > 0, else x = 0 where [1, -2] > 0, else [1, -2] = [0, -2]",
            ],
        ),
    ],
)
def test_a_local_derivative_is_what_dout_is_multiplied_by(formula: str, derivatives: list[str]) -> None:
    assert told(SMALL, formula) == derivatives


@pytest.mark.parametrize(
    ("formula", "derivatives"),
    [
        ("Relu(x)", ["∂out/∂x = 1 where x > 0, else 0"]),
        ("Dropout(x, ratio=0.5)", ["∂out/∂x = mask / (1 - 0.5)"]),
        ("Conv2d(x, y)", []),
        ("MaxPool2d(x, size=2)", []),
        ("Attention(x, x, x)", []),
        ("Mean(x)", []),
    ],
)
def test_of_large_arrays_only_a_factor_of_dout_is_told(formula: str, derivatives: list[str]) -> None:
    assert told(LARGE, formula) == derivatives


@pytest.mark.parametrize(
    ("inputs", "formula", "gradients"),
    [
        (
            "x = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]\nW = [[1, 0], [0, 1]]\nb = [0, 0]",
            "Affine(x, W, b)",
            ["dout · Wᵀ", "Σ xᵀ · dout", "Σ dout over the batch"],
        ),
        (
            "x = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]\ny = [[1, 0], [0, 1]]",
            "x @ y",
            ["dout · yᵀ", "Σ xᵀ · dout"],
        ),
        ("x = [[1, 2], [3, 4]]\ny = [[1, 0], [0, 1]]", "x @ y", ["dout · yᵀ", "xᵀ · dout"]),
        ("x = [1, 2]\ny = [[[1, 0], [0, 1]], [[1, 0], [0, 1]]]", "x @ y", ["Σ dout · yᵀ", "x · dout"]),
    ],
)
def test_what_a_whole_batch_shares_gets_the_sum_over_the_batch(inputs: str, formula: str, gradients: list[str]) -> None:
    tape = tape_of(f"[inputs]\n{inputs}\n[nodes]\nout = '{formula}'")
    assert [equation.rule for equation in gradient_equations(tape.at(2), "out")] == gradients
