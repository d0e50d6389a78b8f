"""Expressions: the same numbers as NumPy's, a place for every error, and bounds that no text gets over."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bptui
from bptui.core.expression import FUNCTIONS, Result, evaluate, holds, names_in, parse_expression
from bptui.core.tape import Tape
from bptui.errors import ExpressionError, NotReachedError

tape = bptui.run(bptui.load("two_layer"))
LAST = len(tape)
VALUES: dict[str, Any] = {name: array for name, array in tape.values.items() if array is not None}


def value(text: str, position: int = LAST, of: Tape = tape) -> Result:
    return evaluate(text, of.at(position))


def error(text: str, position: int = LAST) -> tuple[int, str]:
    with pytest.raises(ExpressionError) as raised:
        value(text, position)
    return raised.value.position, f"{raised.value.message} | {raised.value.hint}"


def place_of_error(text: str) -> int:
    """Return where the error of a text is, or 0 where it has a value."""
    try:
        value(text)
    except ExpressionError as error:
        return error.position
    return 0


def numpy_result(text: str) -> Any:
    """Let Python and NumPy compute the same text: an engine that is not ours."""
    names = {name: getattr(np, name) for name in FUNCTIONS if name != "norm"} | {"norm": np.linalg.norm}
    with np.errstate(all="ignore"):
        return eval(text, {"__builtins__": {}}, {**names, **VALUES})


@pytest.mark.parametrize(
    "text",
    [
        "x @ W1 + b1",
        "-x ** 2",
        "2 ** -1 ** 2",
        "1 - 2 - 3",
        "2 * 3 // 4 % 5",
        "7 // 2 - -3 % 2",
        "x / (x - x)",
        "W1.T @ W1",
        "W1[0, 2]",
        "W1[:, 1:]",
        "W1[-1, ::2]",
        "W1[..., 0]",
        "W1[[0, 1, 0], [2, 2, 0]]",
        "W1[W1 > 0.25]",
        "x.shape[0]",
        "(x @ W1).T.shape",
        "sum(W1, axis=0)",
        "sum(W1, axis=[0, 1])".replace("[0, 1]", "(0)"),
        "mean(x) + std(x) - norm(x)",
        "max(abs(x)) - min(sign(x))",
        "argmax(W1, axis=1)",
        "any(x > 1) + 0.0",
        "all(x > -9)",
        "isnan(x / 0) + 0.0",
        "isinf(log(x - x))",
        "isfinite(exp(x))",
        "sqrt(abs(x)) + tanh(x)",
        "round(W1 / 3, 2)",
        "shape(W1)[1] * size(W1)",
        "zeros(3) + ones([3])",
        "arange(5) + arange(1, 6) + arange(0, 10, 2)",
        "where(x > 0, x, 0)",
        "dot(b1, b1) + dot(W1, b1)[0]",
        "outer(b1, b1)",
        "transpose(W1) @ transpose(W1, [0, 1])",
        "reshape(W1, [3, -1])",
        "reshape(W1, 6)",
        "concatenate([b1, b2], axis=0)",
        "count_nonzero(x > 0)",
        "1 < 2 <= 2 != 3",
        "3 in [1, 3]",
        "3 not in [1, 3]",
        "not 1 > 2 and 3 > 2 or False",
    ],
)
def test_what_numpy_knows_too_is_the_same(text: str) -> None:
    np.testing.assert_allclose(np.asarray(value(text)), np.asarray(numpy_result(text)), rtol=1e-15)


numbers = st.sampled_from(["b1", "W1", "x[0, 1]", "W1[1]", "loss", "(b1 * 2)", "ones(1)[0]", "zeros(3)[1]"])


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arithmetic = st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner)
    comparison = st.builds("(({} {} {}) + 0.0)".format, inner, st.sampled_from(["<", ">=", "==", "!="]), inner)
    return arithmetic | comparison | st.builds("-{}".format, inner) | st.builds("sum({})".format, inner)


@given(st.recursive(numbers, joined, max_leaves=6))
def test_arithmetic_of_any_shape_is_numpy_s(text: str) -> None:
    np.testing.assert_allclose(np.asarray(value(text)), np.asarray(numpy_result(text)), rtol=1e-12)


def test_what_the_step_has() -> None:
    position = next(step.number for step in tape if step.pass_.value == "backward" and step.name == "a1")
    step: Any = tape[position - 1]
    assert value("node", position) == "a1"
    assert value("pass", position) == "backward"
    assert value("[step, iteration]", position) == pytest.approx([position, 1])
    np.testing.assert_array_equal(np.asarray(value("dout", position)), step.dout)
    np.testing.assert_array_equal(np.asarray(value("out", position)), VALUES["a1"])
    np.testing.assert_array_equal(np.asarray(value("gradient(W1)", position)), step.gradients[1])
    np.testing.assert_array_equal(np.asarray(value("local(x)", position)), VALUES["W1"].T)
    np.testing.assert_array_equal(np.asarray(value("grad(W1)", position)), tape.gradients["W1"])
    assert holds('node == "a1" and pass == "backward" and step > 1', tape.at(position))
    assert holds("node in ['z1', 'a1']", tape.at(position))
    assert "W2 is not an input of a1" in error("gradient(W2)", position)[1]


def test_both_uses_of_a_value_count() -> None:
    square = bptui.run(bptui.loads('[inputs]\nx = 3.0\n[nodes]\ny = "x * x"\n'))
    assert value("gradient(x)", 2, square) == 6.0
    assert value("local(x)", 2, square) == 6.0


def test_a_value_of_the_run_goes_before_what_the_step_has() -> None:
    run = bptui.run(bptui.loads('[inputs]\nout = 3.0\n[nodes]\nnorm = "out * 2"\n'))
    assert value("out", 2, run) == 3.0
    assert value("norm + norm(norm)", 2, run) == 12.0


def test_the_name_of_a_nested_node_has_a_dot() -> None:
    run = bptui.run(bptui.loads('[inputs]\nx = [[1.0, 2.0]]\n[nodes]\ny = "Sum(x * 2)"\n'))
    assert np.asarray(value("y.1.T", 3, run)).tolist() == [[2.0], [4.0]]
    assert np.asarray(value("y.1.shape", 3, run)).tolist() == [1, 2]


def test_what_the_run_has_not_reached_makes_a_condition_false() -> None:
    with pytest.raises(NotReachedError, match="loss is not reached"):
        value("loss", 1)
    for text in ("loss > 0", "loss <= 0 or loss > 0", "grad(W1)[0, 0] == 0", "dout > 0", "not loss > 0"):
        assert not holds(text, tape.at(1))
    with pytest.raises(ExpressionError, match="there is no value los"):
        holds("los > 0", tape.at(1))


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("", 0, "a value is missing"),
        ("W1 +", 4, "a value is missing"),
        ("W1[0", 4, "expected ], found the end | it would close character 3"),
        ("(1 + 2", 6, "expected )"),
        ("W1 W2", 3, "unexpected W2"),
        ("loss = 3", 5, "unexpected = | equality is written =="),
        ("x ^ 2", 2, "a power is written **"),
        ("x && y", 2, "write and"),
        ("'a1", 0, "these quotes are not closed"),
        ("1 + los", 4, "there is no value los | did you mean loss?"),
        ("norm > 3", 0, "norm is a function | norm(...)"),
        ("1 + nrom(x)", 4, "there is no function nrom | did you mean norm?"),
        ("W1.data", 3, "there is no data of a value | shape and T"),
        ("W1.__class__", 3, "there is no __class__ of a value"),
        ("sum(W1, ax=0)", 11, "sum has no ax= | only axis="),
        ("max(1, 2)", 0, "max takes 1 argument, here it has 2"),
        ("1 + sum(W1, axis=7)", 4, "axis 7 is out of bounds"),
        ("x @ W1 @ x", 9, "is not a matrix product"),
        ("W1 + b2", 5, "do not broadcast"),
        ("W1[0, 9]", 3, "out of bounds"),
        ("W1[0.5]", 3, "an index is a whole number"),
        ("W1 > 0 and 1", 0, "6 elements are neither true nor false | any(...) or all(...)"),
        ("1 + 'a1'", 4, "text is not a number"),
        ("99999999999999999999", 0, "beyond 2**53"),
        ("1e999", 0, "write inf"),
        ("grad(W1[0])", 0, "grad takes the name of a value | grad(W1)"),
        ("lambda: 0", 6, "unexpected :"),
        ("[[1], [2, 3]]", 0, "do not have one shape"),
        ("[x, W1, 1]", 0, "do not have one shape"),
        ("x.T.T.real", 6, "there is no real of a value"),
    ],
)
def test_an_error_points_at_its_place(text: str, at: int, words: str) -> None:
    position, said = error(text)
    assert words in said
    assert position == at


@pytest.mark.parametrize(
    "text",
    [
        "zeros(100000000)",
        "ones([4000, 4000])",
        "arange(0, 1e12, 0.5)",
        "outer(arange(5000), arange(5000))",
        "W1[[0] * 9]".replace("[0] * 9", "zeros(2000000) > 1"),
        "sum(outer(arange(1000), arange(1000)) @ outer(arange(1000), arange(1000)))",
        "exp(zeros(1000000)) + exp(zeros(1000000))",
        "zeros([2, 3])[zeros([9, 9, 9, 9, 9, 9, 9, 9]) > 1]",
        "9 ** 9 ** 9 ** 9 ** 9 + zeros(9999999)",
    ],
)
def test_what_is_too_large_or_takes_too_long_is_refused_before_it_is_computed(text: str) -> None:
    assert re.search("more than 10 MB|takes too long|a size|a shape", error(text)[1])


def test_whole_numbers_are_exact_or_floats_and_never_wrap() -> None:
    assert value("2 ** 10 + 1") == 1025
    assert value("9007199254740992 * 9007199254740992") == 2.0**106
    assert value("9 ** 9 ** 9") == np.inf


@given(st.text(alphabet="xW1 .,:()[]+-*/%@<>=!'\"andortif09eE#\n\x00é∞", max_size=60))
def test_any_text_is_a_value_or_an_error_with_a_place(text: str) -> None:
    assert 0 <= place_of_error(text) <= len(text)


@pytest.mark.parametrize(
    "text", ["(" * 5000, "-" * 3999 + "1", "x" + "[0]" * 1000, "1" + "+1" * 1900, "2" + "**2" * 900]
)
def test_deep_and_long_expressions_end(text: str) -> None:
    assert 0 <= place_of_error(text) <= len(text)


def test_the_deepest_expression_that_is_read_can_be_computed() -> None:
    level = "not (-abs({})[...] ** 1 + 0 * 1 > 1 and 1)"
    text = "1"
    while True:
        try:
            parse_expression(level.format(text))
        except ExpressionError:
            break
        text = level.format(text)
    assert np.asarray(value(text)).dtype == bool


def test_the_names_in_an_expression() -> None:
    assert sorted(names_in(parse_expression("grad(W1)[i, 0] + sum(x.T, axis=k) > y and not z"))) == [
        "W1", "i", "k", "x.T", "y", "z"
    ]  # fmt: skip
