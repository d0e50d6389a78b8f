"""A formula means what Python's precedence says, and what is none is told at its character."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bptui.scenario.formula import FormulaError, Operation, is_name, parse_formula

PYTHON_OPERATORS: dict[type, str] = {
    ast.Add: "Add",
    ast.Sub: "Sub",
    ast.Mult: "Mul",
    ast.Div: "Div",
    ast.Pow: "Pow",
    ast.MatMult: "MatMul",
}

names = st.sampled_from(["x", "W1", "_b", "é", "苹果"])
spaces = st.sampled_from(["", " ", "  "])


def trees(leaf: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Formulas with random operators, parentheses, calls and spaces; a minus never stands before a number."""
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(inner, spaces, st.sampled_from("+-*/@") | st.just("**"), spaces, inner).map("".join),
            st.tuples(st.just("("), inner, spaces, st.just(")")).map("".join),
            st.tuples(st.just("-"), inner.filter(lambda it: not it.lstrip("( ")[:1].isdigit())).map("".join),
            st.lists(inner, min_size=1, max_size=3).map(lambda it: f"f({', '.join(it)})"),
        ),
        max_leaves=12,
    )


def value_tree(operations: Sequence[Operation]) -> Any:
    """The operations of a formula as nested tuples."""
    built: list[Any] = []
    for operation in operations:
        arguments = [it.name if it.step is None else built[it.step] for it in operation.arguments]
        built.append((operation.layer, *arguments))
    return built[-1]


def python_tree(node: ast.AST) -> Any:
    """The same tuples from Python's own parser."""
    match node:
        case ast.BinOp(left, operator, right):
            return (PYTHON_OPERATORS[type(operator)], python_tree(left), python_tree(right))
        case ast.UnaryOp(ast.USub(), operand):
            return ("Neg", python_tree(operand))
        case ast.Call(ast.Name(name), arguments):
            return (name, *map(python_tree, arguments))
        case ast.Name(name):
            return name
        case ast.Constant(value):
            return str(value)
    raise AssertionError(ast.dump(node))


@given(trees(names | st.sampled_from(["2", "0.5"])))
@example("-x ** -y ** z")
@example("x - y - z + -x * y @ z / z")
def test_precedence_is_that_of_python(formula: str) -> None:
    expected = python_tree(ast.parse(formula, mode="eval").body)
    if isinstance(expected, str):
        with pytest.raises(FormulaError, match="alone is not a formula"):
            parse_formula(formula)
    else:
        assert value_tree(parse_formula(formula)) == expected


@given(trees(names))
def test_operations_stand_in_evaluation_order(formula: str) -> None:
    try:
        operations = parse_formula(formula)
    except FormulaError:
        return
    for step, operation in enumerate(operations):
        assert all(argument.step is None or argument.step < step for argument in operation.arguments)
    used = [argument.step for operation in operations for argument in operation.arguments if argument.step is not None]
    assert sorted(used) == list(range(len(operations) - 1))


MEANINGS = {
    "-2 ** 2": ("Pow", "-2", "2"),
    "-x ** 2": ("Neg", ("Pow", "x", "2")),
    "x ** -2": ("Pow", "x", "-2"),
    "x ** y ** z": ("Pow", "x", ("Pow", "y", "z")),
    "x - -0.5": ("Sub", "x", "-0.5"),
    "x -2": ("Sub", "x", "2"),
    "--2": ("Neg", "-2"),
    "1e-3 * x": ("Mul", "1e-3", "x"),
    "Relu(x @ W + b)": ("Relu", ("Add", ("MatMul", "x", "W"), "b")),
    "Relu(x,)": ("Relu", "x"),
    "((x) + ((y)))": ("Add", "x", "y"),
}


@pytest.mark.parametrize("formula", MEANINGS)
def test_a_formula_means(formula: str) -> None:
    assert value_tree(parse_formula(formula)) == MEANINGS[formula]


def test_options_are_constants_of_their_own_type() -> None:
    (operation,) = parse_formula(
        "f(x, a=1, b=-0.5, c='mean', d=true, e=True, g=false, h=None, i=[1, [-2, 'z'], []], j=\"q\", at=2,"
        " k={'stride': 2, 'inner': {'pad': [1, 0]}, \"last\": None}, l={})"
    )
    values = {name: option.value for name, option in operation.options.items()}
    assert values == {
        "a": 1,
        "b": -0.5,
        "c": "mean",
        "d": True,
        "e": True,
        "g": False,
        "h": None,
        "i": [1, [-2, "z"], []],
        "j": "q",
        "at": 2,
        "k": {"stride": 2, "inner": {"pad": [1, 0]}, "last": None},
        "l": {},
    }
    assert type(values["a"]) is int
    assert type(values["b"]) is float


def test_places_are_where_an_expression_starts_and_its_operator_stands() -> None:
    product, whole = parse_formula(" x + (y * z)")
    assert (product.at, product.layer_at) == (6, 8)
    assert (whole.at, whole.layer_at) == (1, 3)


NO_FORMULAS = {
    "": (0, "missing", ""),
    "x": (0, "x alone", "where this node is used"),
    "(3)": (0, "3 alone", "[inputs]"),
    "x +": (3, "missing", ""),
    "(x + y": (6, "expected )", "character 1"),
    "Relu(x y)": (7, "expected ) or a comma, found y", ""),
    "x.T @ y": (1, "unexpected .", "Transpose"),
    "np.exp(x)": (2, "unexpected .", "Exp"),
    "x[0] + y": (1, "unexpected [", "Slice"),
    "x ^ 2": (2, "unexpected ^", "**"),
    "x // y": (3, "found /", ""),
    "x × y": (2, "unexpected ×", "*"),
    "x·y": (1, "unexpected ·", "@"),
    "x²": (1, "unexpected ²", ""),
    "lambda x: x": (7, "unexpected x", ""),
    "x if y else z": (2, "unexpected if", ""),
    "f(x)(y)": (4, "unexpected (", ""),
    "+x": (0, "a plus", "leave it out"),
    "f(a=1, x)": (7, "a value after an option", "first"),
    "f(x, a=1, a=2)": (10, "given twice", ""),
    "f(x, a=y)": (7, "an option is a constant", "'y'"),
    "f(x, a=(0, 1))": (7, "brackets", "[0, 1]"),
    "f(x, a=[1)": (9, "expected ]", ""),
    "f(x, a=)": (7, "expected a constant", ""),
    "f(x + None)": (6, "None is not a value", "option"),
    "f(x + 'mean')": (6, "expected a value", ""),
    "f(x, a={b: 1})": (8, "expected a key, found b", "quotes"),
    "f(x, a={'b' 1})": (12, "expected a colon, found 1", ""),
    "f(x, a={'b': 1, 'b': 2})": (16, "the key 'b' is given twice", ""),
    "f(x, a={'b': 1)": (14, "expected } or a comma", "{ is at character 8"),
    "f(x, a={'b': y})": (13, "an option is a constant", ""),
    "f(x, a='b": (7, "unexpected '", "closed"),
    "1e400 * x": (0, "beyond the largest float64", ""),
    "x * 9007199254740993": (4, "2**53", ""),
    "x * 2y": (5, "unexpected y", ""),
    "[x]": (0, "found [", ""),
    "x = y": (2, "unexpected =", ""),
    "__import__('os').system('x')": (16, "unexpected .", ""),
    "x\x1b": (1, "unexpected \\x1b", ""),
    "x + \u202ey": (4, "unexpected \\u202e", ""),
}


@pytest.mark.parametrize("formula", NO_FORMULAS)
def test_what_is_no_formula_is_told_at_its_character(formula: str) -> None:
    at, message, hint = NO_FORMULAS[formula]
    with pytest.raises(FormulaError) as caught:
        parse_formula(formula)
    assert caught.value.at == at
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    "formula",
    [
        "(" * 10_000 + "x" + ")" * 10_000,
        "-" * 10_000 + "x",
        "f(" * 10_000,
        "x" + " ** x" * 10_000,
        "f(x, a=" + "[" * 9_999,
    ],
)
def test_depth_is_an_error_and_no_recursion(formula: str) -> None:
    with pytest.raises(FormulaError, match="inside each other"):
        parse_formula(formula)


def test_length_is_no_depth() -> None:
    assert len(parse_formula("x" + " + x" * 10_000)) == 10_000


@given(st.text(st.sampled_from("xyf12.e+-*/@()=,[]'\"_ \\ é\x00"), max_size=30))
def test_any_text_is_a_formula_or_an_error_inside_it(text: str) -> None:
    try:
        assert parse_formula(text)
    except FormulaError as error:
        assert 0 <= error.at <= len(text)  # noqa: PT017


@pytest.mark.parametrize("name", ["x", "_", "x1", "é", "e\u0301", "苹果", "x_2", "__class__", "λ", "क्षि"])
def test_letters_digits_and_underscores_are_a_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "1x", "x.1", "x y", "[/]", "W[0:2]", "a\\", "x²", "a\u200db", "\u0301x", "\x1b", "../..", "x·y", "²", "٣"],
)
def test_anything_else_is_none(name: str) -> None:
    assert not is_name(name)
