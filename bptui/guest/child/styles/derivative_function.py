"""Two functions, the second of which is the first one's derivative: ``sigmoid(x)`` and ``sigmoid_prime(x)``.

``return x * (1 - x)`` is as common as ``return sigmoid(x) * (1 - sigmoid(x))``: the second takes the first one's value,
or its input again. Where no name says which, the numbers do.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from bptui.guest.child.styles.derivative import DerivativeHandle
from bptui.guest.child.styles.method_pair import PassNames
from bptui.guest.child.styles.recipe import Options, Recipe, UserCall, needed_names

STYLE = "function beside its derivative"

NAMES = ("{}_derivative", "{}_prime", "{}_gradient", "{}_grad", "{}_deriv", "d_{}", "d{}", "grad_{}", "derivative_{}")
"""What the derivative of a function is called."""

OUTPUTS = frozenset({"a", "A", "y", "out", "output", "activated", "activation"})
"""What its parameter is called where it takes the function's value and not its input again."""

STEP, NEAR = 1e-6, 1e-4
"""Of a difference of the function's values, and how near to that slope its derivative is."""


class DerivativeFunction:
    """A ``function`` of ``slots`` and its ``derivative``, which takes the inputs ``again``, or the function's value."""

    def __init__(self, function: Any, derivative: Any, slots: Sequence[str], again: Sequence[str]) -> None:
        self.function = function
        self.derivative = derivative
        self.slots = slots
        self.again = again
        self.known: bool | None = None
        if len(again) != 1 or again[0] in OUTPUTS:
            self.known = len(again) == 1 and again != slots

    def takes_value(self, x: Any) -> bool:
        """Return whether the derivative takes the function's value: its parameter's name says so, or the numbers.

        They are looked at once, at the first ``x``.
        """
        if self.known is None:
            try:
                self.known = self.is_slope_at_value(np.array(x, np.float64))
            except Exception:  # noqa: BLE001  (the fence around the user's code)
                self.known = False
        return self.known

    def is_slope_at_value(self, x: Any) -> bool:
        """Return whether the derivative of the function's value is its slope at ``x``, and that of ``x`` is not."""
        slope = (self.function(x + STEP) - self.function(x - STEP)) / (2 * STEP)
        of_input, of_value = self.derivative(x.copy()), self.derivative(np.array(self.function(x.copy())))
        return is_near_slope(of_value, slope) and not is_near_slope(of_input, slope)


class DerivativeFunctionHandle(DerivativeHandle):
    """A function and its derivative at a node."""

    def __init__(self, pair: DerivativeFunction) -> None:
        made = SimpleNamespace(function=pair.function, derivative=pair.derivative)
        super().__init__(made, PassNames("function", "derivative", STYLE), pair.slots)
        self.pair = pair
        self.made: Any = None

    def value(self, returned: Any) -> Any:
        self.made = returned
        return returned

    def backward_call(self, douts: Sequence[Any], more: Options) -> UserCall:  # noqa: ARG002  (they come in afterwards)
        if self.pair.takes_value(self.inputs[0]):
            return UserCall(self.pair.derivative, (self.made,), more)
        by_slot = dict(zip(self.slots, self.inputs, strict=False))
        return UserCall(self.pair.derivative, [by_slot.get(name, self.inputs[0]) for name in self.pair.again], more)


def is_near_slope(one: Any, slope: Any) -> bool:
    """Return whether a derivative is a slope, as far as a difference can tell."""
    return np.shape(one) == np.shape(slope) and np.allclose(one, slope, rtol=NEAR, atol=NEAR)


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
    pair = DerivativeFunction(function, derivative, needed_names(function, skips=0), again)
    make = lambda: DerivativeFunctionHandle(pair)  # noqa: E731  (the recipe keeps it)
    return Recipe(name, STYLE, function, function, derivative, make, forward_skips=0, backward_skips=len(again))
