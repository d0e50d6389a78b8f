"""Each rule does what its paper states, worked out here by hand or in closed form, and holds no state of its own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.optimizer import SGD, AdaGrad, Adam, Memory, Momentum, Optimizer, RMSProp, optimizers
from layers import Array

gradients = st.lists(st.floats(-100, 100).filter(lambda it: abs(it) > 1e-3), min_size=1, max_size=6)
rules = st.sampled_from([SGD(), Momentum(), AdaGrad(), RMSProp(), Adam()])


def steps(rule: Optimizer, start: Any, given_gradients: list[Any]) -> list[Array]:
    """The parameter before the first update and after each."""
    memory: Memory = {}
    values = [np.asarray(start)]
    for gradient in given_gradients:
        values.append(rule.update(values[-1], np.asarray(gradient), memory))
    return values


def test_sgd_by_hand() -> None:
    assert [float(it) for it in steps(SGD(lr=0.5), 1.0, [2.0, -1.0])] == [1.0, 0.0, 0.5]


def test_momentum_by_hand() -> None:
    # v = -0.5 * 2 = -1; then v = 0.5 * -1 - 0.5 * 2 = -1.5
    assert [float(it) for it in steps(Momentum(lr=0.5, momentum=0.5), 1.0, [2.0, 2.0])] == [1.0, 0.0, -1.5]


def test_momentum_approaches_the_step_of_a_geometric_series() -> None:
    values = steps(Momentum(lr=0.1, momentum=0.9), 0.0, [1.0] * 300)
    assert values[-1] - values[-2] == pytest.approx(-0.1 / (1 - 0.9))


@given(gradients)
def test_momentum_without_momentum_is_sgd(given_gradients: list[float]) -> None:
    np.testing.assert_array_equal(
        steps(Momentum(lr=0.1, momentum=0), 1.0, given_gradients), steps(SGD(lr=0.1), 1.0, given_gradients)
    )


def test_adagrad_steps_by_one_over_the_root_of_their_number() -> None:
    # Under a constant gradient h = n g², so the n-th step is lr / √n (Duchi et al. 2011, eq. 1).
    values = steps(AdaGrad(lr=0.1, eps=0), 0.0, [-7.0] * 5)
    np.testing.assert_allclose(np.diff(values), [0.1 / math.sqrt(n) for n in range(1, 6)], rtol=1e-12)


def test_rmsprop_forgets_geometrically() -> None:
    # Under a constant gradient h = (1 - dⁿ) g², so the n-th step is lr / √(1 - dⁿ).
    values = steps(RMSProp(lr=0.1, decay_rate=0.9, eps=0), 0.0, [3.0] * 5)
    np.testing.assert_allclose(np.diff(values), [-0.1 / math.sqrt(1 - 0.9**n) for n in range(1, 6)], rtol=1e-12)


@given(st.floats(-1e6, 1e6).filter(lambda it: abs(it) > 1e-3))
def test_adams_first_step_is_the_sign_of_the_gradient_times_lr(gradient: float) -> None:
    # m̂ = g and v̂ = g² after the first step (Kingma and Ba 2015, section 2.1): Δ = -lr g / (|g| + eps).
    _, after = steps(Adam(lr=0.1), 0.0, [gradient])
    assert after == pytest.approx(-0.1 * math.copysign(1, gradient), rel=1e-4)


def test_adam_by_hand() -> None:
    # g = 1, -1 with both betas ½ and no eps. Step 1: m̂ = 1, v̂ = 1, so -lr.
    # Step 2: m = ½·½ - ½ = -¼, v = ½·½ + ½ = ¾; corrected by 1 - ¼: m̂ = -⅓, v̂ = 1, so +lr / 3.
    values = steps(Adam(lr=0.3, beta1=0.5, beta2=0.5, eps=0), 1.0, [1.0, -1.0])
    np.testing.assert_allclose(values, [1.0, 0.7, 0.8], rtol=1e-12)


@given(gradients)
def test_adam_is_its_published_algorithm(given_gradients: list[float]) -> None:
    # Algorithm 1 with the running means written out as the sums that they are.
    beta1, beta2, lr, eps = 0.9, 0.999, 0.001, 1e-8
    theta = 0.5
    for t in range(1, len(given_gradients) + 1):
        m = sum((1 - beta1) * beta1 ** (t - i) * given_gradients[i - 1] for i in range(1, t + 1))
        v = sum((1 - beta2) * beta2 ** (t - i) * given_gradients[i - 1] ** 2 for i in range(1, t + 1))
        theta -= lr * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + eps)
    assert steps(Adam(), 0.5, given_gradients)[-1] == pytest.approx(theta, rel=1e-9)


def test_defaults_are_those_of_the_book_and_the_papers() -> None:
    assert SGD() == SGD(lr=0.01)
    assert Momentum() == Momentum(lr=0.01, momentum=0.9)
    assert AdaGrad() == AdaGrad(lr=0.01, eps=1e-7)
    assert RMSProp() == RMSProp(lr=0.01, decay_rate=0.99, eps=1e-7)
    assert Adam() == Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8)


@given(rules, st.sampled_from(["float32", "float64"]), st.sampled_from([(), (3,), (2, 0), (2, 3)]))
def test_shape_and_dtype_stay_and_nothing_given_is_written_to(
    rule: Optimizer, dtype: str, shape: tuple[int, ...]
) -> None:
    parameter, gradient = np.ones(shape, dtype), np.full(shape, 0.5, dtype)
    parameter.setflags(write=False)
    gradient.setflags(write=False)
    for value in steps(rule, parameter, [gradient, gradient]):
        assert (value.shape, value.dtype) == (shape, dtype)


@given(rules, gradients)
def test_two_runs_do_not_know_of_each_other(rule: Optimizer, given_gradients: list[float]) -> None:
    np.testing.assert_array_equal(steps(rule, 1.0, given_gradients), steps(rule, 1.0, given_gradients))


@given(rules)
def test_a_zero_gradient_changes_nothing(rule: Optimizer) -> None:
    assert steps(rule, 1.0, [0.0])[-1] == 1.0


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"lr": 0}),
        ("SGD", {"lr": math.nan}),
        ("Momentum", {"momentum": 1.0}),
        ("Momentum", {"momentum": -0.1}),
        ("RMSProp", {"decay_rate": 1.5}),
        ("AdaGrad", {"eps": -1e-8}),
        ("Adam", {"beta1": 1.0}),
        ("Adam", {"beta2": -1.0}),
    ],
)
def test_an_option_out_of_its_range_is_named(name: str, options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        optimizers[name](**options)


def test_every_rule_is_found_by_its_name() -> None:
    assert optimizers == {"SGD": SGD, "Momentum": Momentum, "AdaGrad": AdaGrad, "RMSProp": RMSProp, "Adam": Adam}
    assert Adam.options() == ("lr", "beta1", "beta2", "eps")
