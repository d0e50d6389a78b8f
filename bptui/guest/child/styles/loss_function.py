"""A loss function that returns its gradient beside the loss: ``softmax_loss(x, y)`` returns ``(loss, dx)``."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from bptui.guest.child.styles.recipe import Handle, Options, Recipe, UserCall
from bptui.guest.child.styles.returns import returned_tuples, returns_tuples

STYLE = "loss function with its gradient"

GRADIENT = re.compile(r"^(d(?!ata|im|ist|type|ict|epth|one|ays?$)[A-Za-z_]\w*|grad\w*|\w*_grad|d)$")
"""What a function returns beside its loss, by the name that it has there."""

IN_FORWARD = "the loss has made its gradient in its forward: from that step s leads into it"
"""Why there is no source of its backward to go into."""

LOSS = re.compile(r"loss|cost|error|entropy|hinge|criterion|mse", re.IGNORECASE)
"""What a loss function is called."""


class LossHandle(Handle):
    """A function that is called forward, and whose gradients wait until they are multiplied by dout."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.object = SimpleNamespace(gradients=())

    def forward_call(self, inputs: Sequence[Any], options: Options) -> UserCall:
        return UserCall(self.function, inputs, options)

    def value(self, returned: Any) -> Any:
        if not isinstance(returned, tuple) or len(returned) < 2:
            raise TypeError(f"{self.function.__name__} has to return its loss and the gradient")
        value, *self.object.gradients = returned
        return value

    def backward_call(self, douts: Sequence[Any], more: Options) -> UserCall:  # noqa: ARG002  (the gradients are there)
        return UserCall(lambda: self.object.gradients, (), {})

    def gradients(self, returned: Any, dout: Any) -> Any:
        if len(returned) == 1 and isinstance(returned[0], Mapping):
            return {name: dout * it for name, it in returned[0].items()}
        times = tuple([None if it is None else dout * it for it in returned])
        return times[0] if len(times) == 1 else times


def find_loss_function(name: str, namespace: Mapping[str, Any]) -> Recipe | None:
    """Return the recipe of a function all of whose returns are tuples, unless names say that these are other things.

    One that is called a loss may return other things, too, such as scores where it is given no labels.
    """
    function = namespace[name]
    if not inspect.isfunction(function) or not inspect.signature(function).parameters:
        return None
    tuples = returned_tuples(function)
    is_called_so = bool(tuples) and LOSS.search(name) is not None
    if not is_called_so and (not returns_tuples(function) or all(map(has_no_gradient, tuples))):
        return None
    make = lambda: LossHandle(function)  # noqa: E731  (it is what the recipe keeps)
    return Recipe(name, STYLE, function, function, backward_of_a_loss, make, forward_skips=0, backward_skips=1)


def has_no_gradient(values: ast.Tuple) -> bool:
    """Return whether what is returned has no gradient in it: ``X, y``, or ``x @ w, (x, w)`` with a cache."""
    others = values.elts[1:]
    if any(isinstance(it, ast.Tuple | ast.Dict | ast.List) for it in others):
        return True
    names = [it.id for other in others for it in ast.walk(other) if isinstance(it, ast.Name)]
    return not any(map(GRADIENT.match, names))


def backward_of_a_loss(dout: Any) -> Any:
    """Stand for the backward that such a function does not have."""
