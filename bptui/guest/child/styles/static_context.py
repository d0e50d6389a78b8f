"""Classes with static methods and a context that the passes share: ``forward(ctx, x)``, ``backward(ctx, dout)``."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from bptui.guest.child.styles.recipe import Handle, Options, Recipe, UserCall

STYLE = "static methods with ctx"

CONTEXTS = frozenset({"ctx", "context"})
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

    def save_for_backward(self, *values: Any) -> None:
        """Keep values."""
        self.saved_tensors = values


class ContextHandle(Handle):
    """A class that is never made, and the context of one call."""

    def __init__(self, cls: Any) -> None:
        self.cls = cls
        self.object = StaticContext()

    def forward_call(self, inputs: Sequence[Any], options: Options) -> UserCall:
        self.object.needs_input_grad = (True,) * len(inputs)
        return UserCall(self.cls.forward, (self.object, *inputs), options)

    def backward_call(self, douts: Sequence[Any], more: Options) -> UserCall:
        return UserCall(self.cls.backward, (self.object, *douts), more)


def find_static_context(name: str, namespace: Mapping[str, Any]) -> Recipe | None:
    """Return the recipe of a class whose two passes are static and take a context first."""
    cls: Any = namespace[name]
    if not inspect.isclass(cls) or not all(takes_context(cls, it) for it in ("forward", "backward")):
        return None
    forward, backward = (getattr(cls, it) for it in ("forward", "backward"))
    return Recipe(name, STYLE, cls, forward, backward, lambda: ContextHandle(cls))


def takes_context(cls: type, name: str) -> bool:
    """Return whether a method is static, or the class's, and takes a context first."""
    found = inspect.getattr_static(cls, name, None)
    if not isinstance(found, staticmethod | classmethod):
        return False
    return next(iter(inspect.signature(getattr(cls, name)).parameters), "") in CONTEXTS
