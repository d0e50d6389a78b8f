"""What a formula may give to a layer: its inputs and options, read off the class."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from inspect import Parameter
from typing import Any

from layers import Layer

POSITIONAL = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
NAMED = {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}


@dataclass(frozen=True, slots=True)
class Signature:
    """``inputs`` by name, of which the last may be left out, any number of them where ``is_variadic``; ``options``.

    ``least`` inputs and the ``required`` options must be given.
    """

    inputs: tuple[str, ...]
    least: int
    is_variadic: bool
    options: tuple[str, ...]
    required: tuple[str, ...]

    def __str__(self) -> str:
        inputs = (*self.inputs, "...") if self.is_variadic else self.inputs
        return f"({', '.join((*inputs, *(f'{option}=' for option in self.options)))})"

    @property
    def counts(self) -> str:
        """How many inputs it takes, in words."""
        if self.is_variadic:
            return "one input or more"
        count = len(self.inputs)
        fewer = "".join(f"{number} or " for number in range(self.least, count))
        return f"{fewer}{count} input{'s' * (count != 1)} ({', '.join(self.inputs)})"

    def accepts(self, count: int) -> bool:
        """Return whether it takes so many inputs."""
        return max(self.least, 1) <= count and (self.is_variadic or count <= len(self.inputs))


@lru_cache(maxsize=256)
def signature_of(layer: type[Layer]) -> Signature:
    """Return what ``layer`` takes: inputs are forward's arguments, options those of its ``__init__``."""
    inputs = own_parameters(layer, "forward")
    options = [it for it in own_parameters(layer, "__init__") if it.kind in NAMED]
    positional = [it for it in inputs if it.kind in POSITIONAL]
    return Signature(
        inputs=tuple(it.name for it in positional),
        least=sum(it.default is Parameter.empty for it in positional),
        is_variadic=any(it.kind is Parameter.VAR_POSITIONAL for it in inputs),
        options=tuple(it.name for it in options),
        required=tuple(it.name for it in options if it.default is Parameter.empty),
    )


def outputs_of(layer: type[Layer], options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what ``layer`` calls its values, which may depend on options; shape inference tells of wrong ones."""
    if not options:
        return layer.outputs
    try:
        return layer(**options).outputs
    except (ValueError, TypeError, IndexError, ArithmeticError, MemoryError):
        return layer.outputs


def own_parameters(layer: type[Layer], method: str) -> Iterable[Parameter]:
    """Return the parameters of a method after ``self``; none where the class leaves it to ``object``."""
    function = getattr(layer, method)
    if function is getattr(object, method, None):
        return []
    return list(inspect.signature(function).parameters.values())[1:]
