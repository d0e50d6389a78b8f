"""Four mistakes that the book's own code makes, which no layer here may repeat."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from layers import Layer
from layers.activation import LogSoftmax, Relu, Sigmoid, Softmax
from layers.loss import SigmoidWithLoss, SoftmaxWithLoss


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
