"""In the child: gradients of a layer's own parameters that its backward returns behind those of its inputs.

``return dx, dW, db``, ``return dx, [dW, db]`` and ``return dx, {"W": dW}`` are all in use.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bptui.guest.child.object_arrays import is_float
from bptui.guest.child.own_gradients import named_so
from bptui.guest.child.styles.returns import returned_tuples


class NamedGradient(NamedTuple):
    """A gradient that backward returns, and what it is called there; "" where it has no name."""

    name: str
    array: Any


def parameter_gradients(
    returned: tuple[Any, ...], inputs: int, parameters: Mapping[str, Any], backward: Callable[..., Any]
) -> dict[str, Any] | None:
    """Return what stands behind the gradients of so many ``inputs``, by the parameter that each belongs to.

    A name tells, and else the shape. None where one of them belongs to no parameter, unless it is in a list.
    """
    found: dict[str, Any] = {}
    for gradient in named_gradients(returned, backward)[inputs:]:
        left = {name: it for name, it in parameters.items() if name not in found}
        name = next((it for it in left if is_named_after(gradient.name, it)), None) or parameter_shaped_like(
            gradient.array, left
        )
        if name is not None:
            found[name] = gradient.array
        elif not all(isinstance(it, list | tuple | Mapping) for it in returned[inputs:]):
            return None
    return found


def named_gradients(returned: tuple[Any, ...], backward: Callable[..., Any]) -> list[NamedGradient]:
    """Return all that a backward has returned, one after the other, with the names that its source has for them."""
    written = returned_tuples(backward)
    names = list(written[0].elts) if written and len(written[0].elts) == len(returned) else [None] * len(returned)
    return [it for part, name in zip(returned, names, strict=True) for it in leaves(part, name)]


def leaves(part: Any, written: ast.expr | None) -> Iterator[NamedGradient]:
    """Yield what is in one part of a result: it alone, or one after the other what a list or dictionary has."""
    if isinstance(part, Mapping):
        yield from (NamedGradient(str(name), it) for name, it in part.items())
    elif isinstance(part, list | tuple):
        elements: Sequence[ast.expr | None] = written.elts if isinstance(written, ast.List | ast.Tuple) else ()
        names = elements if len(elements) == len(part) else [None] * len(part)
        yield from (it for each, name in zip(part, names, strict=True) for it in leaves(each, name))
    else:
        yield NamedGradient(written.id if isinstance(written, ast.Name) else "", part)


def is_named_after(name: str, parameter: str) -> bool:
    """Return whether a gradient's name is one that a parameter's gradient may have, or the parameter's own."""
    own = parameter.rpartition(".")[2]
    return bool(name) and (name in (parameter, own) or any(True for _ in named_so({name: None}, own)))


def parameter_shaped_like(array: Any, parameters: Mapping[str, Any]) -> str | None:
    """Return the first parameter of an array's shape, None where there is none."""
    return next((name for name, it in parameters.items() if is_float(array) and np.shape(it) == np.shape(array)), None)
