"""Functions of ``torch.autograd``: static methods with ``ctx``, which get tensors for arrays, and give them back.

No graph of torch's is made: ``forward`` and ``backward`` are called as torch would call them, in float64 like all else.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bptui.guest.child.styles.recipe import Options, Recipe, UserCall, in_place
from bptui.guest.child.styles.static_context import ContextHandle, StaticContext

STYLE = "torch.autograd.Function"

BASE = ("torch.autograd.function", "Function")
"""Where torch defines what such classes are made of, and what it calls it."""


class TorchContext(StaticContext):
    """What ``forward`` leaves for ``backward``, with what torch lets it say beside, which changes no number here."""

    def mark_dirty(self, *tensors: Any) -> None:
        """Take note of tensors that were written into."""

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Take note of outputs without a gradient."""

    def set_materialize_grads(self, value: Any) -> None:
        """Take note of whether zeros are to stand where no gradient comes: here they always do."""


class TorchHandle(ContextHandle):
    """A Function that is never made, and the context of one call; arrays go in and out as tensors."""

    def __init__(self, cls: Any) -> None:
        super().__init__(cls, skips=0 if has_setup(cls) else 1)
        self.object = TorchContext()
        self.given: tuple[Any, ...] = ()

    def forward_call(self, inputs: Sequence[Any], options: Options) -> UserCall:
        self.note_inputs(inputs, options)
        tensors = [as_tensor(it) for it in inputs]
        if self.skips:
            return UserCall(self.cls.forward, (self.object, *tensors), options)
        call = in_place(UserCall(self.cls.forward, tensors, options))
        self.given = inspect.signature(call.function).bind(*call.arguments, **call.options).args
        return call

    def value(self, returned: Any) -> Any:
        if not self.skips:
            self.cls.setup_context(self.object, self.given, returned)
        return as_arrays(returned)

    def backward_call(self, douts: Sequence[Any], more: Options) -> UserCall:
        return super().backward_call([as_tensor(it) for it in douts], more)

    def gradients(self, returned: Any, dout: Any) -> Any:
        return super().gradients(as_arrays(returned), dout)


def find_torch_function(name: str, namespace: Mapping[str, Any]) -> Recipe | None:
    """Return the recipe of a class made of torch's Function that has both passes."""
    cls: Any = namespace[name]
    if not inspect.isclass(cls) or not any((it.__module__, it.__name__) == BASE for it in inspect.getmro(cls)[1:]):
        return None
    own = {key for base in inspect.getmro(cls) if (base.__module__, base.__name__) != BASE for key in vars(base)}
    if not own >= {"forward", "backward"}:
        return None
    forward, backward = (getattr(cls, it) for it in ("forward", "backward"))
    skips = 0 if has_setup(cls) else 1
    return Recipe(name, STYLE, cls, forward, backward, lambda: TorchHandle(cls), forward_skips=skips)


def has_setup(cls: Any) -> bool:
    """Return whether a Function fills its context in a method of its own, so that its forward takes none."""
    defining = next((base for base in inspect.getmro(cls) if "setup_context" in vars(base)), None)
    return defining is not None and defining.__module__.partition(".")[0] != "torch"


def as_tensor(it: Any) -> Any:
    """Return an array as a tensor in the same memory, so that it shows who writes into it."""
    array = np.asarray(it)
    return sys.modules["torch"].from_numpy(array if array.flags.writeable else array.copy())


def as_arrays(returned: Any) -> Any:
    """Return tensors as arrays, one by one where there are several; what is no tensor stays what it is."""
    if isinstance(returned, tuple | list):
        return type(returned)(as_arrays(it) for it in returned)
    return returned.detach().cpu().numpy() if isinstance(returned, sys.modules["torch"].Tensor) else returned
