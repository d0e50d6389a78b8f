"""Classes with static methods and a context that the passes share: ``forward(ctx, x)``, ``backward(ctx, dout)``."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bptui.guest.child.styles.recipe import Handle, Options, Recipe, UserCall, positional_names
from bptui.guest.child.styles.returns import assigned_attributes

STYLE = "static methods with ctx"

CONTEXTS = frozenset({"ctx", "context", "_ctx", "cx"})
"""What the first parameter of both passes is called."""


class StaticContext:
    """What ``forward`` leaves for ``backward``: any attribute, and what it has saved, under both usual names."""

    def __init__(self) -> None:
        self.saved_tensors: tuple[Any, ...] = ()
        self.needs_input_grad: tuple[bool, ...] = ()

    @property
    def saved_values(self) -> Any:
        """What was saved: one value as it is, several as a tuple."""
        return self.saved_tensors

    @saved_values.setter
    def saved_values(self, values: Any) -> None:
        self.saved_tensors = values

    def save_for_backward(self, *values: Any) -> None:
        """Keep values."""
        self.saved_tensors = values


class ContextHandle(Handle):
    """A class that is never made, and the context of one call, which is the first of ``skips`` arguments of forward."""

    def __init__(self, cls: Any, *, skips: int = 1) -> None:
        self.cls = cls
        self.skips = skips
        self.object = StaticContext()
        self.is_input: Sequence[bool] = ()

    def forward_call(self, inputs: Sequence[Any], options: Options) -> UserCall:
        self.note_inputs(inputs, options)
        return UserCall(self.cls.forward, (self.object, *inputs), options)

    def note_inputs(self, inputs: Sequence[Any], options: Options) -> None:
        """Let the context tell which of forward's arguments take a gradient: floats, and none of the options."""
        names = positional_names(self.cls.forward)[self.skips :]
        self.is_input = are_inputs(names, len(inputs), options)
        floats = iter([np.asarray(it).dtype.kind == "f" for it in inputs])
        self.object.needs_input_grad = tuple([is_input and next(floats) for is_input in self.is_input])

    def backward_call(self, douts: Sequence[Any], more: Options) -> UserCall:
        return UserCall(self.cls.backward, (self.object, *douts), more)

    def gradients(self, returned: Any, dout: Any) -> Any:  # noqa: ARG002
        """Return the gradients of the inputs; options behind and between them have a None each, which says nothing."""
        if not isinstance(returned, tuple) or len(returned) < len(self.is_input):
            return returned
        own = [it for it, is_input in zip(returned, self.is_input, strict=False) if is_input]
        if sum(it is not None for it in returned) > sum(it is not None for it in own):
            return returned
        return tuple(own) if len(own) > 1 else next(iter(own), None)


def are_inputs(names: Sequence[str], count: int, options: Options) -> list[bool]:
    """Return of each argument that a forward gets whether it is one of ``count`` inputs, and not an option."""
    found: list[bool] = []
    for name in names:
        if sum(found) == count:
            break
        found.append(name not in options)
    found += [True] * (count - sum(found))
    return found + [False] * (len(options) - found.count(False))


def find_static_context(name: str, namespace: Mapping[str, Any]) -> Recipe | None:
    """Return the recipe of a class whose two passes are static and take a context first."""
    cls: Any = namespace[name]
    if not inspect.isclass(cls) or not all(takes_context(cls, it) for it in ("forward", "backward")):
        return None
    forward, backward = (getattr(cls, it) for it in ("forward", "backward"))
    return Recipe(name, STYLE, cls, forward, backward, lambda: ContextHandle(cls))


def takes_context(cls: type, name: str) -> bool:
    """Return whether a method is static, or the class's, and takes a context first: by its name, or by its use."""
    found = inspect.getattr_static(cls, name, None)
    if not isinstance(found, staticmethod | classmethod):
        return False
    first = next(iter(inspect.signature(getattr(cls, name)).parameters), "")
    keeps = assigned_attributes(cls.forward) if isinstance(found, staticmethod) else ()  # type: ignore[attr-defined]
    return first in CONTEXTS or bool(keeps)
