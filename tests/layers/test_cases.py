"""A new layer cannot slip by: without fitting example inputs, it is told where to add them."""

from __future__ import annotations

import numpy as np
import pytest

from layer_cases import case_of, every_layer, rows_of
from layers import Array, Layer


class Unheard(Layer):
    """Takes labels, so no example inputs can be guessed."""

    targets = frozenset({"t"})

    def forward(self, x: Array, t: Array) -> Array:
        return x + t

    def backward(self, dout: Array) -> tuple[Array, None]:
        return dout, None


def test_a_layer_without_examples_is_told_where_to_add_them() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"Unheard has no example inputs: add a row to EXAMPLES in .*\.py"):
        rows_of(Unheard)


def test_a_layer_that_refuses_its_examples_is_told_so() -> None:
    with pytest.raises(
        pytest.fail.Exception, match=r"Unheard does not take its example inputs .* see EXAMPLES in .*\.py"
    ):
        case_of(Unheard, ({}, ((2,), np.zeros(3))), seed=0)


def test_every_layer_of_the_library_is_tried_once() -> None:
    assert len(every_layer) == len(set(every_layer))
    assert {"Add", "Affine", "SoftmaxWithLoss", "Detach"} <= {layer.__name__ for layer in every_layer}
