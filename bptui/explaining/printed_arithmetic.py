"""Whether arithmetic adds up as it is printed, with numbers that were rounded for the reader."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from bptui.explaining.formula_words import number_list

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "max": np.maximum,
    "min": np.minimum,
    "sqrt": np.sqrt,
    "sign": np.sign,
    "erf": np.vectorize(math.erf),
    "σ": lambda x: 1 / (1 + np.exp(-x)),
    "Φ": lambda x: (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2,
    "φ": lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
}
OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.MatMult: np.dot,
    ast.BitXor: np.outer,
}
SIGNS = str.maketrans({"×": "*", "·": "@", "⊗": "^", "²": "**2", "³": "**3"})
SIMPLE: Mapping[str, Callable[[float, float], float]] = {"+": operator.add, "-": operator.sub, "×": operator.mul}
OF_TWO = re.compile(r"(-?\d+(?:\.\d+)?) ([-+×]) \(?(-?\d+(?:\.\d+)?)\)?")
"""Arithmetic of two numbers, which most nodes of a large graph are: it is worked out at a tenth of the cost."""

ROOT = re.compile(r"√([0-9.e+-]+)")


@lru_cache(maxsize=512)
def adds_up(numbers: str, result: str) -> bool:
    """Return whether ``numbers``, worked out as they stand, are printed as ``result``; True where that is unknown."""
    if not numbers or numbers == result:
        return True
    if found := OF_TWO.fullmatch(numbers):
        one, sign, other = found.groups()
        return number_list(SIMPLE[sign](float(one), float(other))) == result
    try:
        with np.errstate(all="ignore"):
            value = printed_value(ast.parse(ROOT.sub(r"sqrt(\1)", numbers).translate(SIGNS), mode="eval").body)
    except (SyntaxError, ValueError, TypeError, RecursionError):
        return True
    return number_list(np.asarray(value, float).tolist()) == result


def printed_value(part: ast.expr) -> Any:
    """Return what a piece of arithmetic comes to. Raises ValueError for anything else."""
    match part:
        case ast.Constant(value=int() | float() as value):
            return np.float64(value)
        case ast.Name(id="Inf" | "NaN" as word):
            return np.float64(word)
        case ast.List(elts=elements):
            return np.array([printed_value(element) for element in elements])
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -printed_value(operand)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in OPERATORS:
            return OPERATORS[type(sign)](printed_value(left), printed_value(right))
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in FUNCTIONS:
            return FUNCTIONS[name](*map(printed_value, arguments))
    raise ValueError(f"not arithmetic: {ast.dump(part)[:40]}")
