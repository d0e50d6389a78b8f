"""Numbers that others have printed: Saito, "Deep Learning from Scratch" (O'Reilly), and exact arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layers
from layers import Array, Layer
from layers.activation import LogSoftmax, Relu, Sigmoid, Softmax
from layers.arithmetic import Add, Div, Mul, Pow
from layers.elementary import Exp
from layers.linear import Affine
from layers.loss import MeanSquaredError, SigmoidWithLoss, SoftmaxWithLoss
from layers.reduction import Max, Mean, Sum, Var
from layers.shape import Concat, Gather, Slice, Transpose


def value(layer: Layer, *inputs: Any) -> Any:
    return layer.forward(*inputs)


def test_two_apples_and_the_tax() -> None:
    # Saito, ch. 5.4.1
    apples, tax = Mul(), Mul()
    assert value(tax, value(apples, 100.0, 2.0), 1.1) == pytest.approx(220)
    dapples, dtax = tax.backward(np.array(1.0))
    dapple, dcount = apples.backward(dapples)
    assert (dapple, dcount, dtax) == (pytest.approx(2.2), pytest.approx(110), 200)


def test_apples_and_oranges() -> None:
    # Saito, ch. 5.4.2: 715 in all; gradients 110 2.2 3.3 165 650
    apples, oranges, both, tax = Mul(), Mul(), Add(), Mul()
    fruit = value(both, value(apples, 100.0, 2.0), value(oranges, 150.0, 3.0))
    assert value(tax, fruit, 1.1) == pytest.approx(715)
    dboth, dtax = tax.backward(np.array(1.0))
    dapples, doranges = both.backward(dboth)
    got = (*apples.backward(dapples)[::-1], *oranges.backward(doranges), dtax)
    assert got == pytest.approx((110, 2.2, 3.3, 165, 650))


def test_relu_of_the_book_s_array() -> None:
    # Saito, ch. 5.5.1: x = [[1.0, -0.5], [-2.0, 3.0]]
    relu = Relu()
    assert relu.forward(np.array([[1.0, -0.5], [-2.0, 3.0]])).tolist() == [[1.0, 0.0], [0.0, 3.0]]
    assert relu.backward(np.ones((2, 2))).tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_sigmoid_of_the_book_s_array() -> None:
    # Saito, ch. 3.2.4
    np.testing.assert_allclose(value(Sigmoid(), [-1.0, 1.0, 2.0]), [0.26894142, 0.73105858, 0.88079708], rtol=1e-7)


def test_softmax_of_the_book_s_array() -> None:
    # Saito, ch. 3.5.1
    want = [0.01821127, 0.24519181, 0.73659691]
    np.testing.assert_allclose(value(Softmax(), [0.3, 2.9, 4.0]), want, rtol=1e-6)
    np.testing.assert_allclose(np.exp(value(LogSoftmax(), [0.3, 2.9, 4.0])), want, rtol=1e-6)


def test_softmax_with_loss_on_the_book_s_two_figures() -> None:
    # Saito, ch. 5.6.3: softmax (0.3, 0.2, 0.5) against (0, 1, 0) sends back (0.3, -0.8, 0.5)
    loss = SoftmaxWithLoss()
    loss.forward(np.log([0.3, 0.2, 0.5]), np.array([0, 1, 0]))
    np.testing.assert_allclose(loss.backward(np.array(1.0))[0], [0.3, -0.8, 0.5])
    loss.forward(np.log([0.01, 0.99, 1e-300]), np.array([0, 1, 0]))
    np.testing.assert_allclose(loss.backward(np.array(1.0))[0], [0.01, -0.01, 0], atol=1e-12)


def test_affine_of_the_book_s_batch() -> None:
    # Saito, ch. 5.6.2: the bias is added to every sample, and its gradient is the sum over them
    affine = Affine()
    products = np.array([[0.0, 0.0, 0.0], [10.0, 10.0, 10.0]])
    out = affine.forward(products, np.eye(3), np.array([1.0, 2.0, 3.0]))
    assert out.tolist() == [[1, 2, 3], [11, 12, 13]]
    assert affine.backward(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))[2].tolist() == [5, 7, 9]


@pytest.mark.parametrize(("reduction", "want"), [("half_sum", 0.0975), ("sum", 0.195), ("mean", 0.0195)])
def test_squared_error_of_the_book_s_digit(reduction: str, want: float) -> None:
    # Saito, ch. 4.2.1: 0.097500000000000031
    y = [0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0]
    t = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert value(MeanSquaredError(reduction=reduction), y, t) == pytest.approx(want)


def test_cross_entropy_of_the_book_s_digit() -> None:
    # Saito, ch. 4.2.2: 0.51082545709933802 (with 1e-7 added inside the logarithm), a probability of 0.6
    x = np.log([0.1, 0.05, 0.6, 1e-300, 0.05, 0.1, 1e-300, 0.1, 1e-300, 1e-300])
    assert SoftmaxWithLoss().forward(x, np.array(2)) == pytest.approx(0.51082545709933802, abs=1e-6)


def test_guessing_among_ten_costs_the_logarithm_of_ten() -> None:
    assert SoftmaxWithLoss().forward(np.zeros((4, 10)), np.array([0, 3, 5, 9])) == pytest.approx(np.log(10))


def test_sigmoid_with_loss_of_an_undecided_answer() -> None:
    loss = SigmoidWithLoss()
    assert loss.forward(np.zeros(4), np.array([0, 1, 1, 0])) == pytest.approx(np.log(2))
    assert loss.backward(np.array(8.0))[0].tolist() == [1, -1, -1, 1]


def test_sigmoid_with_loss_is_exact_at_any_distance() -> None:
    assert SigmoidWithLoss().forward(np.array([1000.0, -1000.0]), np.array([0, 1])) == 1000.0


def test_variance_divides_by_n() -> None:
    assert value(Var(), [1.0, 2.0, 3.0, 4.0]) == 1.25


def test_reductions_along_axes() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert Sum(axis=0).forward(x).tolist() == [4, 6]
    assert Mean(axis=1, keepdims=True).forward(x).tolist() == [[1.5], [3.5]]
    assert Max(axis=[0, 1]).forward(x) == 4


def test_rows_taken_twice_add_up() -> None:
    gather = Gather(indices=[2, 0, 2])
    assert gather.forward(np.array([[1.0], [2.0], [3.0]])).tolist() == [[3], [1], [3]]
    np.testing.assert_array_equal(gather.backward(np.array([[10.0], [20.0], [30.0]])), [[20], [0], [40]])


def test_shapes_move_as_numpy_says() -> None:
    x = np.arange(6.0).reshape(2, 3)
    assert Transpose().forward(x).tolist() == [[0, 3], [1, 4], [2, 5]]
    assert Slice(axis=1, start=-2).forward(x).tolist() == [[1, 2], [4, 5]]
    assert Concat(axis=1).forward(x, x[:, :1]).tolist() == [[0, 1, 2, 0], [3, 4, 5, 3]]


def test_operators() -> None:
    assert value(Div(), 3.0, 8.0) == 0.375
    assert value(Pow(), 2.0, 10.0) == 1024
    assert value(Exp(), 0.0) == 1


def test_the_book_s_names_are_aliases() -> None:
    assert layers.library["AddLayer"] is Add
    assert layers.library["MulLayer"] is Mul


@pytest.mark.parametrize("x", [np.ones((2, 3)), np.ones(3), np.ones((2, 2, 3))])
def test_affine_s_local_derivatives_are_the_matrices_of_its_rules(x: Array) -> None:
    affine = Affine()
    w = np.arange(6.0).reshape(3, 2)
    dout = 1 + np.cos(affine.forward(x, w, np.zeros(2)))
    for_x, for_w, for_b = affine.local()
    dx, dw, _ = affine.backward(dout)
    np.testing.assert_allclose(dx, dout @ for_x)
    np.testing.assert_allclose(dw, for_w @ dout.reshape(-1, 2))
    assert for_b is None
