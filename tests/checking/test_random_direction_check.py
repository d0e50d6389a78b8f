"""The quick look sees one element among a hundred thousand, and calls nothing right that is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import student_layers as student
from bptui.checking.random_direction_check import agrees_in_one_direction
from checked import failures, subject
from layers.linear import Affine

draw = np.random.default_rng(0)
LARGE = (draw.standard_normal((5, 784)), 0.05 * draw.standard_normal((784, 50)), np.zeros(50))
SMALL = draw.standard_normal((3, 4))


@pytest.mark.parametrize(("position", "index"), [(0, (3, 123)), (1, (300, 17)), (1, (783, 49)), (2, (49,))])
def test_one_element_that_is_off_by_a_thousandth_is_found(position: int, index: tuple[int, ...]) -> None:
    class Off(Affine):
        def backward(self, dout: Any) -> Any:
            gradients = [np.array(it) for it in super().backward(dout)]
            gradients[position][index] *= 1.001
            return tuple(gradients)

    it = subject(Off, *LARGE)
    assert not agrees_in_one_direction(it)
    (found,) = failures(it)
    assert found.input == "xyz"[position]
    assert found.worst is not None
    assert found.worst.index == index
    assert found.worst.analytic / found.worst.numeric == pytest.approx(1.001, rel=1e-6)


def test_what_is_right_is_seen_at_a_look() -> None:
    it = subject(Affine, *LARGE)
    assert agrees_in_one_direction(it)


@pytest.mark.parametrize(
    "layer",
    [student.SquareIgnoresDout, student.SquareMinus, student.SquareNone, student.SquareRaises, student.SquareOff],
)
def test_what_is_wrong_is_not_right_at_a_look(layer: type[Any]) -> None:
    it = subject(layer, SMALL)
    assert not agrees_in_one_direction(it)
