"""A layer's own words with names, shapes and numbers in them: only names are replaced, and a sign is never misread."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.explaining.formula_words import inline, is_arithmetic, put, put_numbers, put_shapes


def test_only_whole_words_are_names() -> None:
    names = {"x": "apple", "out": "price"}
    assert put("dout × x where x > max(x, 0), else exp(x)", names) == (
        "dout × apple where apple > max(apple, 0), else exp(apple)"
    )
    assert put("xᵀ · dout", names) == "appleᵀ · dout"
    assert put("√x + |x| + Σx", names) == "√apple + |apple| + Σapple"


def test_a_functions_name_is_no_input_even_where_an_option_bears_it() -> None:
    assert put("min(max(x, min), max)", {"x": "a", "min": "-1", "max": "1"}) == "min(max(a, -1), 1)"


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        ("x × y", "-2 × (-3)"),
        ("x - y", "-2 - (-3)"),
        ("y²", "(-3)²"),
        ("x ** y", "(-2) ** (-3)"),
        ("-x", "-(-2)"),
        ("exp(x)", "exp(-2)"),
        ("max(x, y)", "max(-2, -3)"),
        ("|x|", "|-2|"),
        ("√x", "√(-2)"),
    ],
)
def test_a_negative_number_stands_in_parentheses_where_its_sign_could_be_misread(rule: str, written: str) -> None:
    assert put_numbers(rule, {"x": "-2", "y": "-3"}) == written


@given(st.text("xy ×+-()²ᵀ", max_size=20))
def test_positive_numbers_are_put_in_place_and_nothing_else_changes(rule: str) -> None:
    assert put_numbers(rule, {"x": "2", "y": "3"}) == put(rule, {"x": "2", "y": "3"})


def test_a_transposed_arrays_shape_is_turned_round() -> None:
    arrays = {"x": np.zeros((2, 3)), "dout": np.zeros((2, 4)), "v": np.zeros(3)}
    assert put_shapes("xᵀ · dout", arrays) == "[3, 2] · [2, 4]"
    assert put_shapes("vᵀ", arrays) == "[3]"


@pytest.mark.parametrize(
    ("rule", "is_so"),
    [
        ("dout × y", True),
        ("dout where x > 0, else 0", True),
        ("1 / (1 + exp(-x))", True),
        ("Σ x / n", False),
        ("dout, repeated", False),
        ("dout × (softmax(x) - t) / samples", False),
    ],
)
def test_prose_is_not_worked_out_with_numbers(rule: str, is_so: bool) -> None:
    assert is_arithmetic(rule, {"x", "y", "t", "dout"}) == is_so


def test_only_what_is_short_stands_in_a_line() -> None:
    assert inline(np.array(2.2)) == "2.2"
    assert inline(np.array([1.0, -2.5])) == "[1, -2.5]"
    assert inline(np.array([])) == "[]"
    assert inline(np.zeros(5)) is None
    assert inline(np.zeros((1, 1))) is None
