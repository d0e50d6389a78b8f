"""Four mistakes that the book's own code makes, which no layer here may repeat."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from layers import Layer
from layers.activation import LogSoftmax, Relu, Sigmoid, Softmax
from layers.elementary import Erf
from layers.linear_loss import Huber, L1Loss, MulticlassHinge
from layers.loss import SigmoidWithLoss, SoftmaxWithLoss
from layers.reduction import Norm, Prod
from layers.smooth_activation import Elu, Gelu, LogSigmoid, Silu, Softplus


def value(layer: Layer, *inputs: Any) -> Any:
    return layer.forward(*inputs)


def test_relu_leaves_the_dout_that_a_skip_connection_shares_alone() -> None:
    relu = Relu()
    relu.forward(np.array([-1.0, 2.0, -3.0]))
    dout = np.array([10.0, 20.0, 30.0])
    skipped = dout  # in out = x + relu(x), both branches get the same array
    assert relu.backward(dout).tolist() == [0.0, 20.0, 0.0]
    assert skipped.tolist() == [10.0, 20.0, 30.0]


def test_the_loss_multiplies_by_dout() -> None:
    loss = SoftmaxWithLoss()
    loss.forward(np.array([[1.0, 1.0]]), np.array([0]))
    dx, _ = loss.backward(np.array(10.0))
    np.testing.assert_allclose(dx, [[-5.0, 5.0]])


def test_a_loss_per_sample_takes_a_dout_per_sample() -> None:
    loss = SoftmaxWithLoss(reduction="none")
    loss.forward(np.zeros((2, 2)), np.array([0, 1]))
    dx, _ = loss.backward(np.array([2.0, -4.0]))
    np.testing.assert_allclose(dx, [[-1.0, 1.0], [-2.0, 2.0]])


def test_a_single_one_hot_sample_costs_what_its_label_costs() -> None:
    x = np.array([0.3, 2.9, 4.0])
    one_hot = SoftmaxWithLoss().forward(x, np.array([0.0, 1.0, 0.0]))
    assert one_hot == SoftmaxWithLoss().forward(x, np.array(1))
    assert one_hot == pytest.approx(-np.log(0.24519181), rel=1e-7)  # not a third of it


def test_as_many_labels_as_classes_are_still_labels() -> None:
    x = np.log([[1.0, 2.0, 1.0], [1.0, 1.0, 2.0], [2.0, 1.0, 1.0]])
    assert SoftmaxWithLoss().forward(x, np.array([1, 2, 0])) == pytest.approx(np.log(2))


def test_integers_of_the_shape_of_x_are_a_distribution() -> None:
    x = np.log([[1.0, 3.0], [3.0, 1.0]])
    assert SoftmaxWithLoss().forward(x, np.array([[0, 1], [1, 0]])) == pytest.approx(np.log(4 / 3))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sigmoid_does_not_overflow(dtype: type) -> None:
    assert value(Sigmoid(), np.array([-1000, 0, 1000], dtype=dtype)).tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("layer", "targets"),
    [
        (Sigmoid(), ()),
        (Softplus(), ()),
        (LogSigmoid(), ()),
        (Silu(), ()),
        (Gelu(), ()),
        (Gelu(approximate=True), ()),
        (Elu(), ()),
        (Erf(), ()),
        (Norm(), ()),
        (Huber(), ([0, 0, 0],)),
        (L1Loss(), ([0, 0, 0],)),
        (MulticlassHinge(), (0,)),
        (Softmax(), ()),
        (LogSoftmax(), ()),
        (SigmoidWithLoss(), ([1, 0, 0],)),
        (SoftmaxWithLoss(), (0,)),
    ],
)
def test_the_formulas_themselves_do_not_overflow(layer: Layer, targets: tuple[Any, ...]) -> None:
    x = np.array([-1000.0, 0.0, 1000.0])
    loud = inspect.unwrap(type(layer).forward)  # without what keeps NumPy quiet
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        assert np.isfinite(loud(layer, x, *map(np.array, targets))).all()


def test_sigmoid_keeps_its_digits_in_the_lower_tail() -> None:
    # 1 / (1 + e^40) to 16 digits, by arbitrary precision arithmetic
    assert value(Sigmoid(), -40.0) == pytest.approx(4.248354255291589e-18, rel=1e-15)


def test_softmax_does_not_overflow() -> None:
    # Saito, ch. 3.5.2: the scores at which the plain formula gives NaN
    np.testing.assert_allclose(value(Softmax(), [1010, 1000, 990]), [9.99954600e-01, 4.53978686e-05, 2.06106005e-09])


def test_the_loss_is_exact_where_the_softmax_underflows() -> None:
    assert SoftmaxWithLoss().forward(np.array([[1000.0, -1000.0]]), np.array([1])) == 2000.0


def test_a_length_neither_overflows_nor_vanishes() -> None:
    assert Norm().forward(np.array([3e200, -4e200])) == pytest.approx(5e200, rel=1e-15)
    assert Norm().forward(np.array([3e-200, -4e-200])) == pytest.approx(5e-200, rel=1e-15)


def test_at_the_origin_a_length_has_the_gradient_0() -> None:
    norm = Norm(axis=1)
    norm.forward(np.array([[0.0, 0.0], [3.0, 4.0]]))
    assert norm.backward(np.array([1.0, 1.0])).tolist() == [[0.0, 0.0], [0.6, 0.8]]


def test_a_factor_of_0_gets_a_gradient_and_two_of_them_get_none() -> None:
    product = Prod(axis=1)
    product.forward(np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0]]))
    assert product.backward(np.array([1.0, 1.0])).tolist() == [[0.0, 6.0, 0.0], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("x", "want"),
    [
        # to 17 digits, by arbitrary precision arithmetic
        (1e-10, 1.1283791670955126e-10),
        (0.5, 0.52049987781304654),
        (2.0, 0.99532226501895273),
        (-3.5, -0.99999925690162766),
    ],
)
def test_the_error_function_is_exact_to_the_last_digits(x: float, want: float) -> None:
    assert value(Erf(), x) == pytest.approx(want, rel=4e-16)


def test_far_out_gelu_is_0_or_x() -> None:
    for gelu in (Gelu(), Gelu(approximate="tanh")):
        assert value(gelu, np.array([-1000.0, 1000.0, 1e308])).tolist() == [0.0, 1000.0, 1e308]
        assert gelu.backward(np.ones(3)).tolist() == [0.0, 1.0, 1.0]
