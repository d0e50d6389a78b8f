"""Whether an expression speaks only of what there is: values of a graph, what a step has, constants and functions."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from bptui.core.expression.evaluation import CONSTANTS, existing_function
from bptui.core.expression.parser import parse_expression
from bptui.core.expression.step_names import AT_STEP, STEP_NAMES
from bptui.core.expression.syntax import FunctionCall, Name, expression_parts
from bptui.core.text import visible
from bptui.errors import ExpressionError

MOST_CANDIDATES = 2_000
"""Names among which one that is spelt like an unknown one is looked for."""


def check_names(text: str, names: Collection[str]) -> None:
    """Raise ExpressionError where an expression mentions a name that is none of ``names``, or no function.

    The error points at it.
    """
    for part in expression_parts(parse_expression(text)):
        if isinstance(part, FunctionCall) and part.function not in AT_STEP:
            existing_function(part.function, text, part.at)
        if isinstance(part, Name) and not is_known(part.name, names):
            near = get_close_matches(part.name, [*list(names)[:MOST_CANDIDATES], *STEP_NAMES], n=1)
            hint = f"did you mean {visible(near[0], limit=40)}?" if near else None
            raise ExpressionError(f"there is no value {visible(part.name, limit=40)}", text, part.at, hint=hint)


def is_known(name: str, names: Collection[str]) -> bool:
    """Return whether a name means anything, also with an attribute behind a dot."""
    while name:
        if name in names or name in CONSTANTS or name in STEP_NAMES:
            return True
        name = name.rpartition(".")[0]
    return False
