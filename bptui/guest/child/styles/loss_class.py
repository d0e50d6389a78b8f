"""Classes of losses whose backward takes no dout: it is given forward's inputs again, or nothing at all."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bptui.guest.child.styles.derivative import DerivativeHandle, predicted
from bptui.guest.child.styles.method_pair import GRADIENTS, METHODS, PassNames, init_of, is_static, kept, method
from bptui.guest.child.styles.recipe import Options, Recipe, UserCall, needed_names
from bptui.guest.child.styles.returns import does_nothing

STYLE = "loss with its gradient"

PREDICTED = "dvalues"
"""What nnfs calls the predictions in the backward of a loss, and dout everywhere else."""


class LossObjectHandle(DerivativeHandle):
    """An object whose backward gives the gradient of the loss that its forward has returned."""

    def __init__(self, made: Any, names: PassNames, slots: Sequence[str], again: Sequence[str]) -> None:
        super().__init__(made, names, slots)
        self.again = again

    def value(self, returned: Any) -> Any:
        """Return the loss; where a ``calculate`` takes the mean over the samples, that is what backward is of."""
        is_of_samples = PREDICTED in self.again and hasattr(self.object, "calculate") and np.ndim(returned)
        return np.mean(returned) if is_of_samples else returned

    def backward_call(self, douts: Sequence[Any], more: Options) -> UserCall:  # noqa: ARG002  (they come in afterwards)
        return UserCall(getattr(self.object, self.names.backward), list(map(self.given_again, self.again)), more)

    def given_again(self, name: str) -> Any:
        """Return what backward takes by a name: an input, or what was predicted, by the object itself or before it."""
        if name != PREDICTED:
            return self.inputs[self.slots.index(name)]
        made = getattr(self.object, "output", None) if self.slots[0] == "inputs" else None
        return self.inputs[predicted(self.slots)] if made is None else made

    def gradients(self, returned: Any, dout: Any) -> Any:
        return super().gradients(kept(self.object, GRADIENTS) if returned is None else returned, dout)


def find_loss_class(name: str, namespace: Mapping[str, Any]) -> Recipe | None:
    """Return the recipe of a class of losses, None where its backward takes dout."""
    cls = namespace[name]
    if not inspect.isclass(cls):
        return None
    for names in METHODS:
        forward, backward = method(cls, names.forward), method(cls, names.backward)
        if forward is not None and backward is not None and not does_nothing(backward):
            slots = needed_names(forward, skips=not is_static(cls, names.forward))
            again = needed_names(backward, skips=not is_static(cls, names.backward))
            return loss_recipe(name, cls, names, slots, again) if takes_no_dout(slots, again, backward) else None
    return None


def takes_no_dout(slots: Sequence[str], again: Sequence[str], backward: Callable[..., Any]) -> bool:
    """Return whether a loss's backward takes its inputs again, all or with what was predicted, or nothing."""
    if len(slots) != 2:
        return False
    if not again:
        return len(inspect.signature(backward).parameters) <= 1
    return set(again) == set(slots) or (again[0] == PREDICTED and list(again[1:]) == [slots[1]])


def loss_recipe(name: str, cls: type, names: PassNames, slots: Sequence[str], again: Sequence[str]) -> Recipe:
    """Return how such a loss is made."""
    return Recipe(
        name,
        STYLE,
        cls,
        method(cls, names.forward),
        method(cls, names.backward),
        lambda *held, **options: LossObjectHandle(cls(*held, **options), names, slots, again),
        init_of(cls),
        forward_skips=not is_static(cls, names.forward),
        backward_skips=len(again) + (not is_static(cls, names.backward)),
    )
