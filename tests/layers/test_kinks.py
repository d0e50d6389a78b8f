"""Where the derivative is a convention: kinks, ties, bounds, and powers of zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from layers import Array, Layer
from layers.activation import LeakyRelu, PRelu, Relu
from layers.arithmetic import Div, Pow
from layers.comparison import Clip, Maximum, Minimum
from layers.elementary import Abs, Log, Sqrt
from layers.linear_loss import Huber, L1Loss, MulticlassHinge
from layers.loss import SoftmaxWithLoss
from layers.probability_loss import BinaryCrossEntropy, CrossEntropy, KLDivergence
from layers.reduction import Max, Mean, Min
from layers.shape import Detach
from layers.smooth_activation import Elu


def value(layer: Layer, *inputs: Any) -> Any:
    return layer.forward(*inputs)


def gradients(layer: Layer, *inputs: Any) -> Any:
    return layer.backward(np.ones_like(layer.forward(*inputs)))


@pytest.mark.parametrize(
    ("layer", "want"), [(Relu(), 0), (Abs(), 0), (LeakyRelu(slope=0.25), 0.25), (Elu(alpha=0.5), 0.5)]
)
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_the_derivative_at_the_kink(layer: Layer, want: float, zero: float) -> None:
    assert gradients(layer, zero) == want
    assert layer.local()[0] == want


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_at_its_kink_a_learnt_slope_is_the_derivative(zero: float) -> None:
    assert gradients(PRelu(), zero, 0.25) == (0.25, 0)


def test_an_absolute_error_of_0_has_no_gradient() -> None:
    assert [it.tolist() for it in gradients(L1Loss(reduction="none"), np.array([2.0, 3.0]), np.array([2.0, 4.0]))] == [
        [0, -1],
        [0, 1],
    ]


def test_huber_s_two_branches_meet_in_value_and_slope() -> None:
    huber = Huber(delta=2, reduction="none")
    assert value(huber, np.array([2.0, 2.0000001]), np.zeros(2)).tolist() == pytest.approx([2.0, 2.0000002])
    assert huber.backward(np.ones(2))[0].tolist() == [2.0, 2.0]


def test_a_wrong_class_exactly_at_the_margin_costs_nothing() -> None:
    hinge = MulticlassHinge(margin=1)
    assert hinge.forward(np.array([[3.0, 2.0, 2.5]]), np.array([0])) == 0.5
    assert hinge.backward(np.array(1.0))[0].tolist() == [[-1.0, 0.0, 1.0]]


def test_an_answer_that_is_certain_costs_nothing_or_infinity() -> None:
    loss = BinaryCrossEntropy(reduction="none")
    assert value(loss, np.array([0.0, 1.0, 0.0, 1.0]), np.array([0, 1, 1, 0])).tolist() == [0, 0, np.inf, np.inf]
    assert loss.backward(np.ones(4))[0].tolist() == [1, -1, -np.inf, np.inf]


def test_a_probability_of_0_costs_infinity_unless_eps_is_added() -> None:
    assert CrossEntropy(eps=0).forward(np.array([0.0, 1.0]), np.array(0)) == np.inf
    assert CrossEntropy().forward(np.array([0.0, 1.0]), np.array(0)) == pytest.approx(7 * np.log(10))


def test_what_never_happens_adds_nothing_to_a_divergence() -> None:
    loss = KLDivergence(reduction="sum")
    assert loss.forward(np.log([0.5, 0.5]), np.array([0.0, 1.0])) == pytest.approx(np.log(2))
    assert loss.backward(np.array(1.0))[0].tolist() == [0, -1]


@pytest.mark.parametrize("layer", [Maximum(), Minimum()])
def test_a_tie_of_two_is_split_half_and_half(layer: Layer) -> None:
    dx, dy = gradients(layer, np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    assert (dx[0], dy[0]) == (0.5, 0.5)
    assert {dx[1], dy[1]} == {0, 1}


@pytest.mark.parametrize(("layer", "x"), [(Max(), [3.0, 1.0, 3.0, 3.0]), (Min(), [1.0, 3.0, 1.0, 1.0])])
def test_a_tie_of_three_is_shared_evenly(layer: Layer, x: list[float]) -> None:
    np.testing.assert_allclose(gradients(layer, x), [1 / 3, 0, 1 / 3, 1 / 3])


def test_ties_are_counted_along_the_axis() -> None:
    np.testing.assert_array_equal(gradients(Max(axis=1), [[2.0, 2.0], [1.0, 2.0]]), [[0.5, 0.5], [0, 1]])


def test_clip_follows_x_up_to_and_on_its_bounds() -> None:
    clip = Clip(min=-1, max=2)
    assert value(clip, [-1.5, -1.0, 0.0, 2.0, 2.5]).tolist() == [-1, -1, 0, 2, 2]
    assert clip.backward(np.ones(5)).tolist() == [0, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("x", "y", "dx", "dy"),
    [
        (0.0, 0.0, 0.0, 0.0),
        (0.0, 1.0, 1.0, 0.0),
        (0.0, 2.0, 0.0, 0.0),
        (0.0, 0.5, np.inf, 0.0),
        (-2.0, 0.0, 0.0, np.nan),
        (-2.0, 3.0, 12.0, np.nan),
        (2.0, 3.0, 12.0, 8 * np.log(2)),
    ],
)
def test_powers(x: float, y: float, dx: float, dy: float) -> None:
    np.testing.assert_allclose(gradients(Pow(), x, y), (dx, dy))


def test_division_by_zero_is_infinite() -> None:
    assert value(Div(), 1.0, 0.0) == np.inf
    assert value(Div(), -1, 0) == -np.inf
    assert np.isnan(value(Div(), 0.0, 0.0))


def test_the_edge_of_the_domain() -> None:
    assert value(Log(), 0.0) == -np.inf
    assert np.isnan(value(Log(), -1.0))
    assert gradients(Sqrt(), 0.0) == np.inf


@pytest.mark.parametrize("layer", [Relu(), LeakyRelu(), Maximum(), Minimum(), Clip(min=0), Max(), Min()])
def test_nan_is_not_swallowed(layer: Layer) -> None:
    inputs = (np.nan, 1.0) if isinstance(layer, Maximum | Minimum) else (np.nan,)
    assert np.isnan(layer.forward(*inputs))


def test_detach_stops_the_gradient() -> None:
    detach = Detach()
    assert value(detach, 3.0) == 3.0
    assert detach.backward(np.array(1.0)) == (None,)


@pytest.mark.parametrize("layer", [Mean(), SoftmaxWithLoss()])
def test_the_mean_of_nothing_is_nan(layer: Layer) -> None:
    inputs: tuple[Array, ...] = (np.zeros((0, 3)),)
    if isinstance(layer, SoftmaxWithLoss):
        inputs = (*inputs, np.zeros(0, dtype=int))
    assert np.isnan(layer.forward(*inputs))


def test_ignored_samples_neither_cost_nor_count() -> None:
    x = np.log([[1.0, 3.0], [5.0, 7.0], [1.0, 1.0]])
    loss = SoftmaxWithLoss(ignore_index=9)
    assert loss.forward(x, np.array([1, 9, 0])) == pytest.approx((np.log(4 / 3) + np.log(2)) / 2)
    np.testing.assert_allclose(loss.backward(np.array(2.0))[0], [[0.25, -0.25], [0.0, 0.0], [-0.5, 0.5]])


def test_a_batch_of_ignored_samples_has_no_gradient() -> None:
    loss = SoftmaxWithLoss(ignore_index=-1)
    assert np.isnan(loss.forward(np.ones((2, 3)), np.array([-1, -1])))
    assert not loss.backward(np.array(1.0))[0].any()


def test_a_class_masked_by_minus_infinity_takes_no_part() -> None:
    loss = SoftmaxWithLoss()
    assert loss.forward(np.array([0.0, 0.0, -np.inf]), np.array(0)) == pytest.approx(np.log(2))
    assert loss.backward(np.array(1.0))[0].tolist() == [-0.5, 0.5, 0.0]
