"""What a formula may give to a layer: its inputs and options, read off the class."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import lru_cache
from inspect import Parameter
from typing import Any

from bptui.deferred_dataclass import dataclass
from layers import Layer

POSITIONAL = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
NAMED = {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}


@dataclass(frozen=True, slots=True)
class Signature:
    """``inputs`` by name, any number of them where ``is_variadic``; ``options``, and those that must be given.

    The last inputs may be left out, all of them together: ``fewest`` is how many there are without.
    """

    inputs: tuple[str, ...]
    fewest: int
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
        least = f"{self.fewest} or " if self.fewest < count else ""
        return f"{least}{count} input{'s' * (count != 1)} ({', '.join(self.inputs)})"

    def takes(self, count: int) -> bool:
        """Return whether it takes so many inputs."""
        if self.is_variadic:
            return count >= max(len(self.inputs), 1)
        return count in {self.fewest, len(self.inputs)}


@lru_cache(maxsize=256)
def signature_of(layer: type[Layer]) -> Signature:
    """Return what ``layer`` takes: inputs are forward's arguments, options those of its ``__init__``."""
    inputs = own_parameters(layer, "forward")
    options = [it for it in own_parameters(layer, "__init__") if it.kind in NAMED]
    return Signature(
        inputs=tuple(it.name for it in inputs if it.kind in POSITIONAL),
        fewest=sum(it.kind in POSITIONAL and it.default is Parameter.empty for it in inputs),
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
