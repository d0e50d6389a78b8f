"""Two functions, the second of which is the first one's derivative: ``sigmoid(x)`` and ``sigmoid_prime(x)``."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from bptui.guest.child.styles.derivative import DerivativeHandle
from bptui.guest.child.styles.method_pair import PassNames
from bptui.guest.child.styles.recipe import Options, Recipe, UserCall, needed_names

STYLE = "function beside its derivative"

NAMES = ("{}_derivative", "{}_prime", "{}_gradient", "{}_grad", "{}_deriv", "d_{}", "d{}", "grad_{}", "derivative_{}")
"""What the derivative of a function is called."""

OUTPUTS = frozenset({"a", "A", "y", "out", "output", "activated", "activation"})
"""What its parameter is called where it takes the function's value and not its input again."""


class DerivativeFunctionHandle(DerivativeHandle):
    """A function and its derivative, which takes the inputs ``again``, or the value if its parameter is called so."""

    def __init__(self, function: Any, derivative: Any, slots: Sequence[str], again: Sequence[str]) -> None:
        names = PassNames("function", "derivative", STYLE)
        super().__init__(SimpleNamespace(function=function, derivative=derivative), names, slots)
        self.again = again
        self.takes_value = len(again) == 1 and again[0] in OUTPUTS and again != slots
        self.made: Any = None

    def value(self, returned: Any) -> Any:
        self.made = returned
        return returned

    def backward_call(self, douts: Sequence[Any], more: Options) -> UserCall:  # noqa: ARG002  (they come in afterwards)
        if self.takes_value:
            return UserCall(self.object.derivative, (self.made,), more)
        by_slot = dict(zip(self.slots, self.inputs, strict=False))
        return UserCall(self.object.derivative, [by_slot.get(name, self.inputs[0]) for name in self.again], more)


def find_derivative_function(name: str, namespace: Mapping[str, Any]) -> Recipe | None:
    """Return the recipe of a function beside which there is one for its derivative that takes as many inputs."""
    function = namespace[name]
    if not inspect.isfunction(function):
        return None
    slots = needed_names(function, skips=0)
    for pattern in NAMES:
        derivative = namespace.get(pattern.format(name))
        again = needed_names(derivative, skips=0) if inspect.isfunction(derivative) else []
        if again and (set(again) == set(slots) or len(again) == len(slots) == 1):
            return derivative_function_recipe(name, function, derivative, again)
    return None


def differentiated_function(derivative: str, namespace: Mapping[str, Any]) -> str | None:
    """Return the name of the function that another one is the derivative of, None where there is none."""
    named = (name for name in namespace for pattern in NAMES if pattern.format(name) == derivative)
    return next((name for name in named if find_derivative_function(name, namespace) is not None), None)


def derivative_function_recipe(name: str, function: Any, derivative: Any, again: Sequence[str]) -> Recipe:
    """Return how such a layer is made."""
    slots = needed_names(function, skips=0)
    make = lambda: DerivativeFunctionHandle(function, derivative, slots, again)  # noqa: E731  (the recipe keeps it)
    return Recipe(name, STYLE, function, function, derivative, make, forward_skips=0, backward_skips=len(again))
