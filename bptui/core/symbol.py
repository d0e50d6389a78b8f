"""Writing down what a layer does to scalars, by letting its own ``forward`` and ``backward`` run on symbols."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from layers import Layer

NAME = re.compile(r"\{(\w+)\}")

EXACT = {
    "absolute": "abs({})",
    "add": "{} + {}",
    "divide": "{} / {}",
    "multiply": "{} * {}",
    "negative": "-{}",
    "subtract": "{} - {}",
}
"""The ufuncs that Python's own operators compute on floats bit for bit alike, only faster."""

COMPARISONS = {
    "equal": "{} == {}",
    "greater": "{} > {}",
    "greater_equal": "{} >= {}",
    "less": "{} < {}",
    "less_equal": "{} <= {}",
    "not_equal": "{} != {}",
}


class Statements(list[tuple[str, str]]):
    """Assignments in order: pairs of a name and an expression, in which names stand in braces."""

    def assign(self, expression: str, *operands: Any, dtype: type = float) -> Symbol:
        """Assign an expression with a ``{}`` for each operand to a new name."""
        name = f"t{len(self)}"
        self.append((name, expression.format(*map(spell, operands))))
        return Symbol(name, self, dtype)

    def needed_for(self, names: Iterable[str], *, known: Collection[str]) -> list[tuple[str, str]]:
        """Return the assignments that ``names`` depend on, where those of ``known`` are already made."""
        wanted = set(names).difference(known)
        kept = []
        for name, expression in reversed(self):
            if name in wanted:
                kept.append((name, expression))
                wanted.update(set(NAME.findall(expression)).difference(known))
        return kept[::-1]


class Symbol(NDArrayOperatorsMixin):
    """A scalar of which only the name is known. Arithmetic with it is written into its ``statements``."""

    shape = ()
    ndim = 0

    def __init__(self, name: str, statements: Statements, dtype: type = float) -> None:
        self.name = name
        self.statements = statements
        self.dtype = np.dtype(dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            return NotImplemented
        name = ufunc.__name__
        if name in COMPARISONS:
            return self.statements.assign(COMPARISONS[name], *operands, dtype=bool)
        if all(isinstance(operand, Symbol) and operand.dtype == bool for operand in operands):
            raise TypeError("arithmetic on truth values differs between Python and NumPy")
        call = f"{name}({', '.join(['{}'] * len(operands))})"
        return self.statements.assign(EXACT.get(name, f"float({call})"), *operands)

    def __array_function__(self, function: Any, types: Any, operands: tuple[Any, ...], options: Any) -> Any:
        if function is np.where and len(operands) == 3:
            return self.statements.assign("{1} if {0} else {2}", *operands)
        if function is np.shape:
            return ()
        return 0 if function is np.ndim else NotImplemented

    def __bool__(self) -> bool:
        raise TypeError("a symbol is neither true nor false")


def spell(operand: Any) -> str:
    """Return a symbol's name in braces, or a finite number as Python writes it."""
    if isinstance(operand, Symbol):
        return f"{{{operand.name}}}"
    if np.ndim(operand) or not math.isfinite(operand):
        raise TypeError(f"{operand!r} is not a finite scalar")
    return repr(float(operand))


@dataclass(frozen=True, slots=True)
class Listing:
    """A layer's arithmetic on float64 scalars, as assignments in whose expressions names stand in braces.

    ``forward`` goes from the inputs ``x0``, ``x1``, ... to ``out``; ``backward`` from those, ``out`` and ``dout`` to
    what ``gradients`` are made of: one expression per input, None where an input takes none.
    """

    forward: tuple[tuple[str, str], ...]
    backward: tuple[tuple[str, str], ...]
    gradients: tuple[str | None, ...]

    @property
    def names(self) -> Iterator[str]:
        """The names that are assigned to on the way."""
        return (name for name, _ in (*self.forward, *self.backward))

    def values_read_backward(self) -> set[str]:
        """Return which of the inputs and ``out`` the backward looks at."""
        expressions = (*(expression for _, expression in self.backward), *filter(None, self.gradients))
        return {name for expression in expressions for name in NAME.findall(expression) if name[0] in "xo"}


def list_layer(layer: Layer, inputs: int) -> Listing | None:
    """Return what a layer does to ``inputs`` scalars, or None where it cannot be written as plain assignments."""
    statements = Statements()
    arguments = [Symbol(f"x{position}", statements) for position in range(inputs)]
    try:
        out = layer.forward(*arguments)
        statements.append(("out", spell(out)))
        dout: Any = Symbol("dout", statements)
        gradients = layer.backward(dout)
        spelled = tuple(map(spell_gradient, gradients if isinstance(gradients, tuple) else (gradients,)))
    except (AttributeError, TypeError, ValueError):  # it asked a symbol for what only a number has
        return None
    known = {argument.name for argument in arguments}
    wanted = {name for gradient in spelled if gradient for name in NAME.findall(gradient)}
    return rename_out(
        Listing(
            tuple(statements.needed_for({"out"}, known=known)),
            tuple(statements.needed_for(wanted, known={*known, "dout", spell(out).strip("{}")})),
            spelled,
        )
    )


def spell_gradient(gradient: Any) -> str | None:
    """Return a gradient's expression, None where there is no gradient."""
    return None if gradient is None else spell(gradient)


def rename_out(listing: Listing) -> Listing:
    """Return the listing with the assignment whose result is ``out`` bearing that name, not one of its own."""
    *before, (_, out) = listing.forward
    if not before or f"{{{before[-1][0]}}}" != out:
        return listing

    def rename(expression: str) -> str:
        return expression.replace(out, "{out}")

    return Listing(
        (*before[:-1], ("out", before[-1][1])),
        tuple((name, rename(expression)) for name, expression in listing.backward),
        tuple(gradient and rename(gradient) for gradient in listing.gradients),
    )
