"""Embedding, attention and recurrence: laws that their definitions have, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from layers import Array, Layer
from layers.attention import Attention
from layers.embedding import Embedding
from layers.recurrent import RNN, RNNStep

draw = np.random.default_rng(0)


def numbers(*shape: int) -> Array:
    return draw.standard_normal(shape)


def test_the_gradients_of_a_repeated_word_add_up() -> None:
    embedding = Embedding()
    assert embedding.forward(np.array([2, 0, 2]), np.array([[1.0], [2.0], [3.0]])).tolist() == [[3], [1], [3]]
    assert embedding.backward(np.array([[10.0], [20.0], [30.0]]))[1].tolist() == [[20], [0], [40]]


def test_an_embedding_is_a_product_with_one_hot_rows() -> None:
    words, table = np.array([[0, 3], [3, 1]]), numbers(4, 2)
    embedding = Embedding()
    dout = numbers(2, 2, 2)
    one_hot = np.eye(4)[words]
    np.testing.assert_allclose(embedding.forward(words, table), one_hot @ table)
    np.testing.assert_allclose(embedding.backward(dout)[1], np.einsum("nti,ntd->id", one_hot, dout), atol=1e-12)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([0, 3], "indices[1] is 3, outside the 3 rows of W"),
        ([[0], [-1]], "indices[1, 0] is -1, outside the 3 rows of W"),
        (7, "indices is 7, outside the 3 rows of W"),
        ([0.0, 1.0], "indices must be integers, and they are float64"),
        ([True], "indices must be integers, and they are bool"),
    ],
)
def test_words_that_do_not_fit(indices: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Embedding().forward(np.array(indices), np.ones((3, 2)))


def test_a_query_that_fits_one_key_alone_gets_its_value() -> None:
    keys, values = 1000 * np.eye(3), numbers(3, 2)
    np.testing.assert_allclose(Attention().forward(keys[[1]], keys, values), values[[1]])


def test_a_query_that_fits_all_keys_alike_gets_the_mean_of_their_values() -> None:
    values = numbers(4, 3)
    np.testing.assert_allclose(Attention().forward(np.zeros((1, 2)), numbers(4, 2), values), [values.mean(axis=0)])


def test_a_causal_query_knows_nothing_of_what_comes_later() -> None:
    q, k, v = numbers(4, 2), numbers(4, 2), numbers(4, 3)
    later = np.array([0.0, 0.0, 5.0, -7.0])[:, np.newaxis]
    before, after = (Attention(causal=True).forward(q, key, value) for key, value in ((k, v), (k + later, v + later)))
    assert np.array_equal(before[:2], after[:2])
    assert not np.isclose(before[2:], after[2:]).any()


def test_causal_is_a_lower_triangle_as_mask() -> None:
    q, k, v = numbers(3, 2), numbers(3, 2), numbers(3, 2)
    assert np.array_equal(Attention(causal=True).forward(q, k, v), Attention().forward(q, k, v, np.tri(3)))


def test_a_query_that_may_look_at_nothing_gets_0_and_gives_no_gradient() -> None:
    attention = Attention()
    mask = np.array([[0, 0], [1, 0]])
    out = attention.forward(numbers(2, 2), numbers(2, 2), np.array([[3.0], [4.0]]), mask)
    assert out.tolist() == [[0], [3]]
    dq, dk, dv, dmask = attention.backward(np.ones((2, 1)))
    assert dmask is None
    assert dv is not None
    assert dv.tolist() == [[1], [0]]
    assert not np.any(dq)
    assert not np.any(dk)


def test_a_key_that_counts_for_nobody_does_not_drown_the_others() -> None:
    keys = np.array([[1.0], [2000.0]])
    got = Attention().forward(np.array([[1.0]]), keys, np.array([[5.0], [6.0]]), np.array([[1, 0]]))
    assert got.tolist() == [[5]]


def test_an_rnn_is_its_steps_and_its_weights_get_the_sum_of_their_gradients() -> None:
    xs, h0, weights = numbers(2, 3, 4), numbers(2, 2), (numbers(4, 2), numbers(2, 2), numbers(2))
    rnn = RNN()
    dout = numbers(2, 3, 2)
    hs = rnn.forward(xs, h0, *weights)
    first, second, third = RNNStep(), RNNStep(), RNNStep()
    h = h0
    for t, step in enumerate((first, second, third)):
        h = step.forward(xs[:, t], h, *weights)
        assert np.array_equal(h, hs[:, t])
    last = third.backward(dout[:, 2])
    middle = second.backward(dout[:, 1] + last[1])
    start = first.backward(dout[:, 0] + middle[1])
    dxs, dh0, *dweights = rnn.backward(dout)
    np.testing.assert_allclose(dxs, np.stack([start[0], middle[0], last[0]], axis=1))
    np.testing.assert_allclose(dh0, start[1])
    for got, *shares in zip(dweights, start[2:], middle[2:], last[2:], strict=True):
        np.testing.assert_allclose(got, sum(shares))


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (Embedding(), ((3,),), "W must be a matrix with one row for each word, not of shape (3,)"),
        (Attention(), ((2,), (3, 2), (3, 2)), "q, k and v must have two axes, places and features, not (2,)"),
        (Attention(), ((2, 3), (2, 2), (2, 2)), "q of shape (2, 3) and k of shape (2, 2) must have"),
        (Attention(), ((2, 2), (3, 2), (2, 2)), "must have the same number of places"),
        (Attention(), ((2, 2, 2), (3, 2, 2), (3, 2, 2)), "shapes (2,) and (3,) and (3,) do not broadcast"),
        (Attention(), ((2, 2), (3, 2), (3, 2), (3, 3)), "does not stretch to the scores, of shape (2, 3)"),
        (
            RNNStep(),
            ((2, 3), (1, 2), (3, 2), (2, 2), (2,)),
            "x of shape (2, 3) and h of shape (1, 2) must have features",
        ),
        (RNNStep(), ((3,), (2,), (2, 3), (2, 2), (2,)), "Wx must be of shape (3, 2) for x (3,) and h (2,), not (2, 3)"),
        (RNNStep(), ((3,), (2,), (3, 2), (2, 3), (2,)), "Wh must be of shape (2, 2) for x (3,) and h (2,)"),
        (
            RNNStep(),
            ((3,), (2,), (3, 2), (2, 2), (1, 2)),
            "a bias must be of shape (2,) for h of shape (2,), not (1, 2)",
        ),
        (RNN(), ((3,), (2,), (3, 2), (2, 2), (2,)), "xs must have an axis of time and one of features"),
    ],
)
def test_shapes_that_do_not_fit(layer: Layer, inputs: tuple[tuple[int, ...], ...], message: str) -> None:
    first = np.zeros(2, dtype=int) if isinstance(layer, Embedding) else np.ones(inputs[0])
    given = [first, *map(np.ones, inputs if isinstance(layer, Embedding) else inputs[1:])]
    with pytest.raises(ValueError, match=re.escape(message)):
        layer.forward(*given)
    with pytest.raises(ValueError, match=re.escape(message)):
        layer.out_shape(*map(np.shape, given))


@pytest.mark.parametrize(
    ("numbers_in_it", "said"),
    [
        ([0.0, -np.inf], "has -inf; of a mask that is to be added to the scores, take Exp(mask)"),
        ([-1e9, 0.0], "has -1000000000.0; of a mask that is to be added to the scores, take Exp(mask)"),
        ([1.0, 0.5], "has 0.5"),
        ([-1.0, 2.0], "has -1.0"),
    ],
)
def test_a_mask_of_other_numbers_is_refused_and_one_to_be_added_is_told_from_them(
    numbers_in_it: list[float], said: str
) -> None:
    message = f"mask must be 1 where a query may look at a key and 0 where not, and {said}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Attention().forward(np.ones((1, 1)), np.ones((2, 1)), np.ones((2, 1)), np.array([numbers_in_it]))


def test_the_exponential_of_a_mask_to_be_added_does_what_that_does() -> None:
    q, k, v = numbers(2, 3), numbers(3, 3), numbers(3, 2)
    added = np.array([[0, -np.inf, 0], [0, 0, -1e9]])
    scores = q @ k.T / np.sqrt(3) + added
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    np.testing.assert_allclose(Attention().forward(q, k, v, np.exp(added)), e / e.sum(axis=1, keepdims=True) @ v)
