"""What an expression comes to at the cursor, as an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bptui.core.expression import FUNCTIONS, Result, evaluate
from bptui.core.expression.step_names import AT_STEP, STEP_NAMES
from bptui.core.text import escaped, number
from bptui.errors import NotReachedError
from bptui.explaining.whole_array import summary_line
from bptui.lines.line import plain
from bptui.session.answer import Answer
from layers import Array

if TYPE_CHECKING:
    from bptui.session.session import Session

MOST_NUMBERS = 64
"""Numbers that are all told; of a larger array its range is."""


def value_answer(session: Session, expression: str) -> Answer:
    """Return the value of an expression, or that it speaks of what is not reached. Raises ExpressionError."""
    try:
        value = evaluate(expression, session.moment)
    except NotReachedError:
        return Answer(f"{escaped(expression)}: not reached")
    return Answer(f"{escaped(expression)} = {result_text(value)}", value=value)


def expression_help() -> str:
    """Return what expressions are made of: values, what a step has, operators and functions."""
    return "\n".join(
        (
            "What an expression is made of",
            "values: by name; grad(W1), the gradient so far; elements W1[0, 2], slices as in NumPy; x.shape, x.T",
            f"at a step: {' '.join(STEP_NAMES)} {' '.join(f'{it}(INPUT)' for it in AT_STEP if it != 'grad')}",
            f"functions, some with axis=: {' '.join(FUNCTIONS)}",
            "operators: + - * / // % ** @   == != < <= > >=   and or not in",
        )
    )


def result_text(value: Result) -> str:
    """Return a value on one line: all its numbers where there are few, and otherwise its shape and its range."""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, list):
        return escaped(str(value))
    if value.ndim == 0:
        return str(value.item()).lower() if value.dtype.kind == "b" else repr(value.item())
    return nested_text(value) if value.size <= MOST_NUMBERS else plain(summary_line(value))


def nested_text(array: Array) -> str:
    """Return an array as nested lists of numbers: ``[[0.1, 0.3], [0.2, 0.4]]``."""
    if array.ndim:
        return f"[{', '.join([nested_text(part) for part in array])}]"
    return str(array.item()).lower() if array.dtype.kind == "b" else number(float(array))
