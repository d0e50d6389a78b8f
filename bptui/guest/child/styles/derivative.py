"""Classes with a function and its derivative: the second takes forward's inputs again, and dout is multiplied by it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bptui.guest.child.styles.method_pair import PassNames, class_attributes, init_of, is_static, method
from bptui.guest.child.styles.recipe import Handle, Options, Recipe, UserCall

STYLE = "function with its derivative"

PAIRS = tuple(
    PassNames(function, derivative, STYLE)
    for function in ("__call__", "fn", "func", "function", "f", "loss", "activate", "activation")
    for derivative in ("gradient", "grad", "derivative", "deriv", "prime")
)
"""What such a class calls the two."""

PREDICTION = re.compile(r"pred|hat|out|logit|score|prob|^p$")
"""In the name of the input of a loss that its derivative is for."""

TRUTH = re.compile(r"true|truth|target|label|actual|^t$")
"""In the name of the input that it is not for."""


class DerivativeHandle(Handle):
    """An object whose second method gives the local derivative at forward's inputs."""

    def __init__(self, made: Any, names: PassNames, slots: Sequence[str]) -> None:
        self.object = made
        self.names = names
        self.slots = slots
        self.inputs: Sequence[Any] = ()
        self.options: Options = {}

    def forward_call(self, inputs: Sequence[Any], options: Options) -> UserCall:
        self.inputs, self.options = inputs, options
        return UserCall(getattr(self.object, self.names.forward), inputs, options)

    def backward_call(self, douts: Sequence[Any], more: Options) -> UserCall:  # noqa: ARG002  (they come in afterwards)
        return UserCall(getattr(self.object, self.names.backward), self.inputs, more)

    def gradients(self, returned: Any, dout: Any) -> Any:
        if returned is None:
            return None
        if isinstance(returned, tuple):
            return tuple([None if it is None else chained(dout, it) for it in returned])
        if len(self.inputs) == 1:
            return chained(dout, returned)
        place = predicted(self.slots)
        return tuple([chained(dout, returned) if at == place else None for at in range(len(self.inputs))])


def chained(dout: Any, local: Any) -> Any:
    """Return dout times a local derivative; where a sample has one value, its own number is for its whole row."""
    shape = np.shape(dout)
    is_by_row = 0 < len(shape) < np.ndim(local) and np.shape(local)[: len(shape)] == shape
    return np.reshape(dout, shape + (1,) * (np.ndim(local) - len(shape))) * local if is_by_row else dout * local


def predicted(slots: Sequence[str]) -> int:
    """Return which of a loss's inputs its derivative is for: the prediction, by its name, or else the first.

    ``loss(y, p)``, ``loss(y, y_pred)`` and ``loss(target, y)`` are for the second, ``loss(y, t)`` is for the first.
    """
    named = next((at for at, slot in enumerate(slots) if PREDICTION.search(slot)), None)
    return next((at for at, slot in enumerate(slots) if not TRUTH.search(slot)), 0) if named is None else named


def find_derivative(name: str, namespace: Mapping[str, Any]) -> Recipe | None:
    """Return the recipe of a class with a function and its derivative."""
    cls = namespace[name]
    if not inspect.isclass(cls):
        return None
    has = class_attributes(cls)
    for names in (it for it in PAIRS if it.forward in has and it.backward in has):
        forward, backward = method(cls, names.forward), method(cls, names.backward)
        if forward is not None and backward is not None:
            return derivative_recipe(name, cls, names, forward, backward)
    return None


def derivative_recipe(name: str, cls: type, names: PassNames, forward: Any, backward: Any) -> Recipe:
    """Return how such a layer is made."""
    skips = not is_static(cls, names.forward)
    slots = list(inspect.signature(forward).parameters)[skips:]
    return Recipe(
        name,
        STYLE,
        cls,
        forward,
        backward,
        lambda *held, **options: DerivativeHandle(cls(*held, **options), names, slots),
        init_of(cls),
        forward_skips=skips,
        backward_skips=len(slots) + (not is_static(cls, names.backward)),
    )
