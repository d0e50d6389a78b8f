"""Arrays of the user's module that forward works with: they are no inputs of the node, so nothing is known of them.

A course's first network often keeps its weights there, ``W = np.random.randn(3, 2)``, and writes the gradient into a
global ``dW``.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

import numpy as np


def module_weights(function: Callable[..., Any]) -> list[str]:
    """Return the names of the module's arrays of floats that a function uses, also by others of the module."""
    start = inspect.unwrap(getattr(function, "__func__", function))
    if not inspect.isfunction(start):
        return []
    found = (name for it in called_functions(start) for name in arrays_used(it))
    return list(dict.fromkeys(found))


def called_functions(start: FunctionType) -> Iterator[FunctionType]:
    """Yield a function, and the functions of its module that it, or one of those, names."""
    waiting, seen = [start], {start}
    while waiting:
        it = waiting.pop()
        yield it
        named = (it.__globals__.get(name) for name in global_names(it.__code__))
        for other in named:
            if inspect.isfunction(other) and other.__globals__ is start.__globals__ and other not in seen:
                seen.add(other)
                waiting.append(other)


def arrays_used(function: FunctionType) -> Iterator[str]:
    """Yield the global names in a function that stand for arrays of floats with axes."""
    for name in global_names(function.__code__):
        value = function.__globals__.get(name)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim:
            yield name


def global_names(code: CodeType) -> Iterator[str]:
    """Yield the global names that a code object reads, and those that functions within it read."""
    yield from (str(it.argval) for it in dis.get_instructions(code) if it.opname in {"LOAD_GLOBAL", "LOAD_NAME"})
    for it in code.co_consts:
        if isinstance(it, CodeType):
            yield from global_names(it)
