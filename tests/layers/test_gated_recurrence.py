"""LSTM and GRU: what their gates are for, that over time they are their steps, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from layers import Array, Layer
from layers.gru import GRU, GRUStep
from layers.lstm import LSTM, LSTMStep

draw = np.random.default_rng(0)

OPEN, CLOSED = 1000.0, -1000.0
"""Sums at which a gate is 1, and 0, to the last digit."""


def numbers(*shape: int) -> Array:
    return draw.standard_normal(shape)


def gate_sums(order: str, **sums: float) -> Array:
    """Return the bias of gates of one unit each, by their letters."""
    return np.array([sums[gate] for gate in order])


def test_a_cell_whose_forget_gate_is_open_keeps_its_number_and_its_gradient() -> None:
    step = LSTMStep()
    b = gate_sums("ifgo", i=CLOSED, f=OPEN, g=0.5, o=0.5)
    _, c = step.forward(numbers(2, 3), numbers(2, 1), np.array([[7.0], [-8.0]]), np.zeros((3, 4)), np.zeros((1, 4)), b)
    assert c.tolist() == [[7], [-8]]
    assert step.backward(np.zeros((2, 1)), np.array([[2.0], [3.0]]))[2].tolist() == [[2], [3]]


def test_a_cell_whose_forget_gate_is_closed_is_what_its_input_gate_lets_in() -> None:
    step = LSTMStep()
    b = gate_sums("ifgo", i=OPEN, f=CLOSED, g=0.5, o=OPEN)
    h, c = step.forward(numbers(1, 2), numbers(1, 1), numbers(1, 1), np.zeros((2, 4)), np.zeros((1, 4)), b)
    np.testing.assert_allclose([c, h], [np.tanh([[0.5]]), np.tanh(np.tanh([[0.5]]))])
    assert step.backward(np.ones((1, 1)), np.ones((1, 1)))[2].tolist() == [[0]]


@pytest.mark.parametrize("gates", ["fgio", "ogif", "gofi"])
def test_gates_in_another_order_are_the_same_with_the_columns_in_it(gates: str) -> None:
    x, h, c, weights = numbers(2, 3), numbers(2, 2), numbers(2, 2), [numbers(3, 8), numbers(2, 8), numbers(8)]
    columns = [2 * "ifgo".index(gate) + unit for gate in gates for unit in (0, 1)]
    usual, other = LSTMStep(), LSTMStep(gates=gates)
    want = usual.forward(x, h, c, *weights)
    got = other.forward(x, h, c, *[it[..., columns] for it in weights])
    np.testing.assert_array_equal(got, want)
    douts = numbers(2, 2), numbers(2, 2)
    for wanted, gotten in zip(usual.backward(*douts)[3:], other.backward(*douts)[3:], strict=True):
        np.testing.assert_allclose(gotten, wanted[..., columns])


def test_an_lstm_is_its_steps_and_both_its_states_carry_gradients_back() -> None:
    xs, h, c, weights = numbers(2, 2, 3), numbers(2, 2), numbers(2, 2), (numbers(3, 8), numbers(2, 8), numbers(8))
    lstm, first, second = LSTM(), LSTMStep(), LSTMStep()
    hs, last_h, last_c = lstm.forward(xs, h, c, *weights)
    h1, c1 = first.forward(xs[:, 0], h, c, *weights)
    h2, c2 = second.forward(xs[:, 1], h1, c1, *weights)
    for got, want in ((hs, np.stack([h1, h2], axis=1)), (last_h, h2), (last_c, c2)):
        np.testing.assert_array_equal(got, want)
    dhs, dh, dc = numbers(2, 2, 2), numbers(2, 2), numbers(2, 2)
    dx2, dh1, dc1, *shares2 = second.backward(dhs[:, 1] + dh, dc)
    dx1, dh0, dc0, *shares1 = first.backward(dhs[:, 0] + dh1, dc1)
    gradients = lstm.backward(dhs, dh, dc)
    for got, want in zip(gradients[:3], (np.stack([dx1, dx2], axis=1), dh0, dc0), strict=True):
        np.testing.assert_allclose(got, want)
    for got, one, two in zip(gradients[3:], shares1, shares2, strict=True):
        np.testing.assert_allclose(got, one + two)


def test_a_gru_whose_z_is_1_keeps_its_state_and_one_whose_z_is_0_replaces_it() -> None:
    h = numbers(2, 1)
    zero = np.zeros((3, 3)), np.zeros((1, 3))
    kept = GRUStep().forward(numbers(2, 3), h, *zero, np.array([0, OPEN, 0.5]), np.zeros(3))
    replaced = GRUStep().forward(numbers(2, 3), h, *zero, np.array([0, CLOSED, 0.5]), np.zeros(3))
    np.testing.assert_array_equal(kept, h)
    np.testing.assert_allclose(replaced, np.tanh([[0.5], [0.5]]))


def test_where_a_gru_resets_makes_no_difference_to_a_gate_that_is_open_and_else_does() -> None:
    x, h, weights = numbers(2, 3), numbers(2, 2), (numbers(3, 6), numbers(2, 6))
    for reset, is_same in ((OPEN, True), (0.0, False)):
        b = np.array([reset, reset, 0, 0, 0, 0])
        after, before = (GRUStep(reset=it).forward(x, h, *weights, b, np.full(6, 0.1)) for it in ("after", "before"))
        assert np.allclose(after, before) is is_same


def test_a_gru_is_its_steps() -> None:
    xs, h, weights = numbers(2, 2, 3), numbers(2, 2), (numbers(3, 6), numbers(2, 6), numbers(6), numbers(6))
    gru, first, second = GRU(reset="before"), GRUStep(reset="before"), GRUStep(reset="before")
    hs = gru.forward(xs, h, *weights)
    h1 = first.forward(xs[:, 0], h, *weights)
    np.testing.assert_array_equal(hs, np.stack([h1, second.forward(xs[:, 1], h1, *weights)], axis=1))
    dout = numbers(2, 2, 2)
    dx2, dh1, *shares2 = second.backward(dout[:, 1])
    dx1, dh0, *shares1 = first.backward(dout[:, 0] + dh1)
    gradients = gru.backward(dout)
    np.testing.assert_allclose(gradients[0], np.stack([dx1, dx2], axis=1))
    np.testing.assert_allclose(gradients[1], dh0)
    for got, one, two in zip(gradients[2:], shares1, shares2, strict=True):
        np.testing.assert_allclose(got, one + two)


def test_no_step_at_all_gives_the_first_state_back() -> None:
    h0, c0 = numbers(2, 1), numbers(2, 1)
    lstm = LSTM()
    hs, h, c = lstm.forward(np.zeros((2, 0, 3)), h0, c0, numbers(3, 4), numbers(1, 4), numbers(4))
    assert hs.shape == (2, 0, 1)
    np.testing.assert_array_equal([h, c], [h0, c0])
    _, dh0, dc0, *dweights = lstm.backward(np.zeros((2, 0, 1)), np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]]))
    assert (dh0.tolist(), dc0.tolist()) == ([[1], [2]], [[3], [4]])
    assert not any(it.any() for it in dweights)


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (
            LSTMStep(),
            ((2, 3), (2, 2), (2, 1), (3, 8), (2, 8), (8,)),
            "h and c must have the same shape, not (2, 2) and (2, 1)",
        ),
        (LSTMStep(), ((2, 3), (2, 2), (2, 2), (3, 6), (2, 8), (8,)), "Wx must be of shape (3, 8) for x (2, 3)"),
        (LSTMStep(), ((3,), (2,), (2,), (3, 8), (2, 8), (2,)), "a bias must be of shape (8,) for h of shape (2,)"),
        (LSTM(), ((3,), (2,), (2,), (3, 8), (2, 8), (8,)), "xs must have an axis of time and one of features"),
        (GRUStep(), ((3,), (2,), (3, 6), (2, 4), (6,), (6,)), "Wh must be of shape (2, 6) for x (3,) and h (2,)"),
        (GRUStep(), ((3,), (2,), (3, 6), (2, 6), (6,), (2,)), "a bias must be of shape (6,) for h of shape (2,)"),
    ],
)
def test_shapes_that_do_not_fit(layer: Layer, inputs: tuple[tuple[int, ...], ...], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        layer.forward(*map(np.ones, inputs))
    with pytest.raises(ValueError, match=re.escape(message)):
        layer.out_shape(*inputs)


@pytest.mark.parametrize(
    ("layer", "options", "message"),
    [
        (LSTMStep, {"gates": "ifg"}, "gates must have each of the letters ifgo once, not 'ifg'"),
        (LSTM, {"gates": "ifoo"}, "gates must have each of the letters ifgo once, not 'ifoo'"),
        (LSTM, {"gates": 4}, "gates must have each of the letters ifgo once, not 4"),
        (GRUStep, {"reset": "between"}, "reset must be 'after' or 'before', not 'between'"),
        (GRU, {"reset": True}, "reset must be 'after' or 'before', not True"),
    ],
)
def test_options_that_are_none(layer: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        layer(**options)
