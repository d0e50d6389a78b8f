"""Layers as students write them: the right ones pass, and each mistake is found and called by its name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import student_layers as student
from bptui.checking import Verdict
from bptui.checking.check_node import check_node
from checked import failures, subject, verdicts
from layers import library
from layers.activation import Relu
from layers.arithmetic import Pow
from layers.elementary import Abs

X = np.array([[1.5, -0.5, 2.0], [-1.0, 0.25, 3.0], [0.7, -2.0, -0.1]])
W = np.array([[0.3, -0.2, 0.9], [1.1, 0.4, -0.6], [-0.8, 0.5, 0.2]])
B = np.array([0.1, -0.2, 0.3])
LABELS = np.array([0, 2, 1])

RIGHT: list[tuple[type[Any], tuple[Any, ...]]] = [
    (student.Relu, (X,)),
    (student.Affine, (X, W, B)),
    (student.Mul, (X, W)),
    (student.Square, (X,)),
    (student.Sigmoid, (X,)),
    (student.MulList, (X, W)),
    (student.SoftmaxWithLoss, (X, LABELS)),
    (student.BatchNorm, (X, B + 1, B)),
    (student.Dropout, (X,)),
]

WRONG: list[tuple[type[Any], tuple[Any, ...], str, str | None]] = [
    (student.ReluWritesIntoDout, (X,), "mutates", "writes into dout"),
    (student.ReluWritesIntoX, (X,), "mutates", "writes into its input"),
    (student.ReluWrongMask, (X,), "gradient", "wrong mask"),
    (student.ReluKeptFromFirst, (X,), "stale-cache", "stale cache"),
    (student.ReluOnTheClass, (X,), "stale-cache", "kept on the class instead of on self"),
    (student.AffineTransposed, (X, W, B), "gradient", None),
    (student.AffineDWTransposed, (X, W, B), "gradient", "transposed"),
    (student.AffineMean, (X, W, B), "gradient", "mean for sum"),
    (student.AffineNoSum, (X, W, B), "shape", "missing sum over the axes that broadcasting stretched"),
    (student.AffineKeepdims, (X, W, B), "shape", "an axis of size 1 too many or too few (keepdims?)"),
    (student.MulSwapped, (X, W), "gradient", "another input's gradient"),
    (student.MulOne, (X, W), "gradients", "wrong number of gradients"),
    (student.MulFloat32, (np.pi * X, W), "dtype", "truncates to float32"),
    (student.MulIntegers, (X, W), "dtype", "integers instead of floats"),
    (student.MulAlias, (X, W), "shared-memory", "gradients share memory"),
    (student.SquareOneUse, (X,), "gradient", "a use is missing"),
    (student.SquareIgnoresDout, (X,), "linear", "ignores dout"),
    (student.SquareDoutTwice, (X,), "linear", "not linear in dout"),
    (student.SquareClips, (X,), "linear", "not linear in dout"),
    (student.SquareNone, (X,), "gradient", "returns None"),
    (student.SquareRaises, (X,), "raises", None),
    (student.SquareMinus, (X,), "gradient", "wrong sign"),
    (student.SquareOff, (X,), "gradient", None),
    (student.SigmoidOfX, (X,), "gradient", None),
    (student.SoftmaxWithLossSum, (X, LABELS), "gradient", "sum for mean"),
    (student.BatchNormNoVariance, (X, B + 1, B), "gradient", None),
    (student.CubeRemembersItsGradient, (X,), "second-backward", "stale cache"),
    (student.DropoutDrawsAgain, (X,), "draws-again", "draws again"),
    (student.Clock, (X,), "repeatable", "not repeatable"),
]


@pytest.mark.parametrize(("layer", "inputs"), RIGHT, ids=lambda it: getattr(it, "__name__", ""))
def test_a_right_layer_passes(layer: type[Any], inputs: tuple[Any, ...]) -> None:
    assert failures(subject(layer, *inputs)) == []


@pytest.mark.parametrize(("layer", "inputs", "rule", "mistake"), WRONG, ids=lambda it: getattr(it, "__name__", ""))
def test_a_mistake_is_found_and_named(
    layer: type[Any], inputs: tuple[Any, ...], rule: str, mistake: str | None
) -> None:
    found = [(finding.rule, finding.mistake) for finding in failures(subject(layer, *inputs))]
    assert (rule, mistake) in found if mistake else rule in {it for it, _ in found}


def test_a_failure_names_the_input_the_element_and_both_numbers() -> None:
    (found,) = failures(subject(student.SquareOff, X))
    assert found.input == "x"
    assert found.worst is not None
    assert found.worst.index == (2, 2)
    assert found.worst.analytic / found.worst.numeric == pytest.approx(1.001, rel=1e-9)
    assert 0 < found.worst.error < 1e-6 * abs(found.worst.numeric)


def test_the_line_that_raises_is_told() -> None:
    (found,) = failures(subject(student.SquareRaises, X))
    assert "'missing'" in found.reason
    assert "student_layers.py:" in found.reason


@pytest.mark.parametrize(
    ("layer", "inputs"),
    [
        ("Relu", ([-1.0, 0.0, 2.0],)),
        ("Abs", ([0.0, 1.0],)),
        ("Maximum", ([1.0, 2.0], [1.0, 3.0])),
        ("Max", ([3.0, 1.0, 3.0],)),
        ("LeakyRelu", ([0.0],)),
    ],
)
def test_between_the_two_slopes_of_a_kink_everything_is_right(layer: str, inputs: tuple[Any, ...]) -> None:
    assert verdicts(subject(library[layer], *inputs))["x"] is Verdict.KINK


def test_beyond_the_two_slopes_of_a_kink_nothing_is_right() -> None:
    class Beyond(Abs):
        def backward(self, dout: Any) -> Any:
            return np.where(self.x == 0, 2, np.sign(self.x)) * dout

    assert verdicts(subject(Beyond, [0.0, 1.0]))["x"] is Verdict.FAIL


@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-9])
def test_near_a_kink_the_side_still_matters(distance: float) -> None:
    class Late(Relu):
        def backward(self, dout: Any) -> Any:
            return np.where(self.x <= 2 * distance, 0, dout)

    assert verdicts(subject(library["Relu"], [distance, -distance]))["x"] is Verdict.PASS
    assert verdicts(subject(Late, [distance, -distance]))["x"] is Verdict.FAIL


@pytest.mark.parametrize(
    ("layer", "inputs"), [("Sqrt", ([0.0, 1.0],)), ("Log", ([-1.0, 1.0],)), ("Pow", ([-2.0], [0.5]))]
)
def test_where_there_is_no_slope_nothing_is_accused(layer: str, inputs: tuple[Any, ...]) -> None:
    assert failures(subject(library[layer], *inputs)) == []


FAR = [
    ("Div", ([3.0], [1e-300]), "y"),
    ("Div", ([5e-324], [1e-300]), "y"),
    ("Pow", ([-2e149], [-1e150]), "y"),
]


@pytest.mark.parametrize(("layer", "inputs", "name"), FAR)
def test_numbers_that_no_step_moves_a_little_accuse_nobody(
    layer: str, inputs: tuple[list[float], list[float]], name: str
) -> None:
    found = verdicts(subject(library[layer], *inputs))
    assert Verdict.FAIL not in found.values()
    assert found[name] is Verdict.SKIP


@pytest.mark.parametrize("size", [1e-300, 1e150])
def test_a_wrong_gradient_is_found_even_where_no_step_moves_the_numbers_a_little(size: float) -> None:
    class WrongForY(student.Mul):
        def backward(self, dout: Any) -> Any:
            return dout * self.y, dout * self.y

    found = failures(subject(WrongForY, [[1.0, 2.0], [3.0, 4.0]], np.full((2, 2), size)))
    assert [it.input for it in found] == ["y"]


@pytest.mark.parametrize(
    ("layer", "inputs", "told"),
    [
        ("Log", ([2.0, 0.0],), "at [1] is -Infinity though all inputs are finite: x[1] = 0;"),
        ("Log", ([-1.0, 0.0],), "at [0] is NaN though all inputs are finite: x[0] = -1;"),
        ("Div", ([3.0, 1.0], 0.0), "at [0] is Infinity though all inputs are finite: x[0] = 3, y = 0;"),
        ("Sum", ([1e308, 1e308],), "its value is Infinity though all inputs are finite; nothing"),
        ("MatMul", ([[1e200, 1.0]], [[1e200], [1.0]]), "at [0, 0] is Infinity though all inputs are finite"),
    ],
)
def test_a_value_that_is_not_finite_is_told_with_its_numbers_and_accuses_nobody(
    layer: str, inputs: tuple[Any, ...], told: str
) -> None:
    findings = check_node(subject(library[layer], *inputs))
    assert Verdict.FAIL not in {it.verdict for it in findings}
    (found,) = [it for it in findings if it.rule == "finite"]
    assert found.verdict is Verdict.SKIP
    assert told in found.reason


def test_a_finite_value_is_not_spoken_of() -> None:
    (found,) = [it for it in check_node(subject(library["Log"], [2.0, 1.0])) if it.rule == "finite"]
    assert (found.verdict, found.reason) == (Verdict.PASS, "")


def test_inputs_that_are_no_numbers_are_skipped_with_a_reason() -> None:
    (finding,) = check_node(subject(library["Exp"], [np.nan, 1.0]))
    assert finding.verdict is Verdict.SKIP
    assert "not finite" in finding.reason


def test_a_nan_where_there_is_a_slope_is_a_failure() -> None:
    class NotANumber(Pow):
        def backward(self, dout: Any) -> Any:
            return dout * self.y * self.x**self.y / self.x, dout * self.out * np.log(self.x)

    found = failures(subject(NotANumber, [0.0, 2.0], [2.0, 2.0], takes=[True, False]))
    assert [(it.rule, it.worst.index if it.worst else None) for it in found] == [("finite", (0,))]


def test_a_formula_that_is_right_only_here_is_found_nearby() -> None:
    (found,) = failures(subject(student.MulSwapped, np.ones((2, 2)), np.ones((2, 2)), takes=[True, False]))
    assert "right at the run's own values" in found.reason


def test_the_book_s_1e_7_inside_the_log_is_told_where_it_matters() -> None:
    x = np.array([[0.0, 16.0, 3.0], [1.0, 0.5, 0.2]])
    (found,) = failures(subject(student.SoftmaxWithLoss, x, np.array([0, 1]), names="xt"))
    assert found.mistake == "1e-7 inside the log"
    assert "log(y + 1e-7)" in (found.advice or "")


def test_frozen_random_numbers_are_put_back() -> None:
    np.random.seed(3)  # noqa: NPY002
    expected = np.random.rand()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    found = {it.rule: it.verdict for it in check_node(subject(student.Dropout, X))}
    assert found["repeatable"] is Verdict.SKIP
    assert found["gradient"] is Verdict.PASS
    assert np.random.rand() == expected  # noqa: NPY002
