"""Values in words, and the sides of conditions that are told with them."""

from __future__ import annotations

import numpy as np
import pytest

from bptui.core.expression import Result
from bptui.session.condition_words import sides_of
from bptui.session.expression_value import result_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\x1b", "a\\x1b"),
        (["W1", "b1"], "['W1', 'b1']"),
        (np.array(True), "true"),
        (np.array(0.5), "0.5"),
        (np.array([[1.0, 2.0]]), "[[1, 2]]"),
    ],
)
def test_a_value_is_told_on_one_line(value: Result, text: str) -> None:
    assert result_text(value) == text


@pytest.mark.parametrize(
    ("condition", "sides"),
    [
        ("x > 1", ["x"]),
        ("(x > y) and z > 1", ["x", "y", "z"]),
        ("not (max(x) > sum(y))", ["max(x)", "sum(y)"]),
        ("((x < (y)))", ["x", "y"]),
        (f"x +{' ' * 100}1 > y", [f"x +{' ' * 100}1", "y"]),
    ],
)
def test_the_sides_of_a_condition_are_told_without_brackets_that_were_opened_before(
    condition: str, sides: list[str]
) -> None:
    assert list(sides_of(condition)) == sides
