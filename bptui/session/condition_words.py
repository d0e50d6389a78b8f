"""The numbers of a condition: what each side of its comparisons came to, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bptui.core.expression import evaluate, parse_expression
from bptui.core.expression.parser import COMPARISONS
from bptui.core.expression.syntax import Chain, Expression, Logical, Members, Number, Prefix, Text
from bptui.core.moment import Moment
from bptui.core.text import escaped
from bptui.errors import ExpressionError
from bptui.session.expression_value import result_text

JOINT = re.compile(r"(?<![\s(<>=!])(?:\b(?:and|or|not|in)\b|[\s(<>=!])++$")
"""What stands between one side of a comparison and the next part. Nothing is gone over twice: it may be long."""

MOST_SIDES = 4
"""Sides of comparisons whose numbers are told."""


def condition_numbers(condition: str, moment: Moment) -> str:
    """Return what the sides of a condition's comparisons come to at a moment: ``norm(dout) = 3.2``."""
    told = []
    for side in sides_of(condition):
        try:
            told.append(f"{escaped(side)} = {result_text(evaluate(side, moment))}")
        except ExpressionError:
            continue
    return ", ".join(dict.fromkeys(told[:MOST_SIDES]))


def sides_of(condition: str) -> Iterator[str]:
    """Yield the text of each side of a comparison that is not written as a number already."""
    parts = list(conditions_of(parse_expression(condition)))
    ends = [part.at for part in parts[1:]] + [len(condition)]
    for part, end in zip(parts, ends, strict=True):
        if not isinstance(part, Number | Text | Members):
            yield balanced(JOINT.sub("", condition[part.at : end]).strip())


def conditions_of(expression: Expression) -> Iterator[Expression]:
    """Yield the sides of all comparisons, and what else has to hold, from left to right."""
    match expression:
        case Logical(_, operands):
            for operand in operands:
                yield from conditions_of(operand)
        case Prefix("not", operand):
            yield from conditions_of(operand)
        case Chain(first, rest) if rest[0][0] in COMPARISONS:
            yield first
            yield from (operand for _, operand in rest)
        case _:
            yield expression


def balanced(text: str) -> str:
    """Return text without brackets at its end that were opened before it."""
    while text.endswith(")") and text.count(")") > text.count("("):
        text = text[:-1].rstrip()
    return text
