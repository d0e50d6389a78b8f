"""In the process of a program: a watched call forward and its call back as a layer, that goes again with other values.

Nothing but copies is used: of the object as it was before the forward, and of what both calls were given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bptui.guest.child.object_arrays import Spot, attribute_dict, spots_in
from bptui.guest.child.own_gradients import by_place, gradient_of
from bptui.guest.child.styles.method_pair import GRADIENTS, VALUES, kept
from bptui.programs.child.call_again import copy_of_call, result_of
from bptui.programs.child.kept_call import KeptCall
from bptui.programs.child.open_call import gradients_in, gradients_of_loss

REDUCTIONS: Mapping[str, Callable[[Any], Any]] = {"mean": np.mean, "sum": np.sum}


@dataclass(frozen=True)
class CallValues:
    """How the values of a node are shared out between its two calls.

    ``arguments`` are the parameters of the forward that are values, and ``held`` the spots on its object. ``roles``
    says of each value that the call back is given what it is: a dout by its place, an input of the forward by its
    parameter, one of its outputs by its place, what its object has kept by the attribute, or None for none of these.
    ``places`` says for each argument which of the gradients that come back is for it. A loss that is handed no dout,
    and gives a number for each sample, has a ``reduction``: what becomes of them outside of it, ``mean`` or ``sum``.
    ``decayed`` are the spots to whose gradients a penalty is added, which is taken off again.
    """

    arguments: Sequence[str]
    held: Sequence[str]
    roles: Sequence[Sequence[Any] | None]
    places: Sequence[int | None]
    reduction: str = ""
    decayed: Sequence[str] = ()


class CalledAgain:
    """One copy of the object, which goes forward and back as often as it is told to."""

    def __init__(self, forward: KeptCall, back: KeptCall | None, values: CallValues) -> None:
        self.kept_forward = forward
        self.kept_back = back
        self.values = values
        self.owner, self.arguments = forward.forward_copy()
        self.spots: Mapping[str, Spot] = spots_in(self.owner) if values.held else {}
        self.returned: Any = None
        self.outs: Sequence[Any] = ()

    def forward(self, *given: Any) -> Any:
        """Return what the forward makes of other values; those behind its arguments are put on the object."""
        count = len(self.values.arguments)
        for name, value in zip(self.values.arguments, given, strict=False):
            self.arguments[name] = like(self.arguments[name], value)
        for name, value in zip(self.values.held, given[count:], strict=True):
            self.spots[name].put(np.array(value))
        out = self.go_forward()
        return REDUCTIONS[self.values.reduction](out) if self.values.reduction else out

    def go_forward(self) -> Any:
        """Return what the forward makes of what is there."""
        returned = copy_of_call(self.kept_forward, self.owner, self.arguments, forwards=True).make()
        self.returned = kept(self.owner, VALUES) if returned is None and self.owner is not None else returned
        out = result_of(self.kept_forward, self.returned)
        self.outs = out if isinstance(out, tuple) else (out,)
        return out

    def backward(self, *douts: Any) -> Any:
        """Return the gradient of each value, None where there is none."""
        added = self.added_by_decay(douts)
        found = self.gradients(douts)
        beside = [less(gradient_of(self.spots[name]), added.get(name)) for name in self.values.held]
        chosen = [None if place is None or place >= len(found) else found[place] for place in self.values.places]
        return (*chosen, *(np.array(it) if isinstance(it, np.ndarray) else it for it in beside))

    def added_by_decay(self, douts: Sequence[Any]) -> Mapping[str, Any]:
        """Return what goes to the gradients of decayed parameters where the douts are 0."""
        if not self.values.decayed:
            return {}
        twin = CalledAgain(self.kept_forward, self.kept_back, self.values)
        twin.arguments = dict(self.arguments)
        for name in self.values.held:
            twin.spots[name].put(np.array(self.spots[name].array))
        twin.go_forward()
        twin.gradients([np.zeros_like(np.asarray(it, np.float64)) for it in douts])
        return {name: gradient_of(twin.spots[name]) for name in self.values.decayed}

    def gradients(self, douts: Sequence[Any]) -> list[Any]:
        """Return the gradients that the call back returns for some douts, one after the other."""
        style = self.kept_forward.call.style
        if self.kept_back is None:
            return times(douts[0], gradients_of_loss(self.returned, self.kept_forward.inputs))
        arguments = self.arguments_back(douts)
        returned = copy_of_call(self.kept_back, self.owner, arguments, forwards=False).make()
        if returned is None and self.owner is not None:
            returned = kept(self.owner, GRADIENTS)
        if isinstance(returned, Mapping):
            returned = by_place(returned, self.kept_forward.inputs)
        found = list(gradients_in(returned))
        return times(douts[0], found) if style == "derivative" else found

    def arguments_back(self, douts: Sequence[Any]) -> dict[str, Any]:
        """Return what the call back is given: what it was given then, with other douts, inputs and outputs."""
        assert self.kept_back is not None
        _, arguments = self.kept_back.forward_copy()
        names = [name for name in self.kept_back.inputs if name != self.kept_back.cache]
        for name, role in zip(names, self.values.roles, strict=False):
            match role:
                case ["dout", int(place)]:
                    arguments[name] = like(arguments[name], douts[place])
                case ["input", str(parameter)]:
                    arguments[name] = self.arguments[parameter]
                case ["out", int(place)]:
                    arguments[name] = self.outs[place]
                case ["kept", str(attribute)]:
                    arguments[name] = getattr(self.owner, attribute)
        if self.kept_back.cache:
            arguments[self.kept_back.cache] = self.returned[-1]
        return arguments


def with_kept_results(forward: KeptCall, back: KeptCall | None, values: CallValues) -> CallValues:
    """Return how values are shared out, where a call back is given what the forward has left on its object, too."""
    if back is None or forward.call.owner is None or None not in values.roles:
        return values
    again = CalledAgain(forward, back, values)
    again.go_forward()
    _, arguments = back.forward_copy()
    kept_arrays = {name: it for name, it in (attribute_dict(again.owner) or {}).items() if isinstance(it, np.ndarray)}
    names = [name for name in back.inputs if name != back.cache]
    roles = [
        role or next((("kept", at) for at, it in kept_arrays.items() if is_same_array(it, arguments[name])), None)
        for name, role in zip(names, values.roles, strict=False)
    ]
    return replace(values, roles=[role and list(role) for role in roles])


def is_same_array(one: Any, other: Any) -> bool:
    """Return whether an array has the shape, the dtype and the bytes of another value."""
    if not isinstance(other, np.ndarray) or one.shape != other.shape or one.dtype != other.dtype:
        return False
    return bool(one.tobytes() == other.tobytes())


def times(dout: Any, gradients: Sequence[Any]) -> list[Any]:
    """Return gradients that know of no dout, times that."""
    return [None if it is None else dout * it for it in gradients]


def less(gradient: Any, added: Any) -> Any:
    """Return a gradient without what was added to it."""
    return gradient if added is None or gradient is None else gradient - added


def like(given: Any, value: Any) -> Any:
    """Return a value as the kind of thing that was given in its place: an array, or a number; always a copy."""
    return np.array(value) if isinstance(given, np.ndarray | list) else np.asarray(value)[()]
