"""Classes with a method for each pass, whatever the two are called, and whether they return or keep what they make."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bptui.guest.child.object_arrays import attribute_dict
from bptui.guest.child.own_gradients import named_so
from bptui.guest.child.styles.recipe import Handle, Misfit, Options, Recipe, UserCall, needed_names
from bptui.guest.child.styles.returns import assigned_attributes, does_nothing, returns_a_value


class PassNames(NamedTuple):
    """What a class calls its two passes."""

    forward: str
    backward: str
    style: str = "class with other method names"


KEEPS = "class that keeps its results"

METHODS = (
    PassNames("forward", "backward", "class"),
    PassNames("forward", "backprop"),
    PassNames("forward", "back_prop"),
    PassNames("forward", "backward_pass"),
    PassNames("forward", "backward_prop"),
    PassNames("forward", "backward_propagation"),
    PassNames("forward_pass", "backward_pass"),
    PassNames("forward_prop", "back_prop"),
    PassNames("forward_prop", "backward_prop"),
    PassNames("forward_propagation", "backward_propagation"),
    PassNames("forward_propagate", "backward_propagate"),
    PassNames("fprop", "bprop"),
    PassNames("fwd", "bwd"),
    PassNames("_forward", "_backward"),
    PassNames("_output", "_input_grad"),
    PassNames("__call__", "backward"),
    PassNames("__call__", "backprop"),
)
"""The names in use, the most usual first."""

VALUES = ("output", "outputs", "out")
GRADIENTS = ("dinputs", "dinput", "dx", "dX", "grad_input", "grad_inputs", "input_grad", "input_gradient")
"""Where a layer keeps what it does not return."""


class MethodHandle(Handle):
    """An object whose methods are the two passes."""

    def __init__(self, made: Any, names: PassNames) -> None:
        self.object = made
        self.names = names

    def forward_call(self, inputs: Sequence[Any], options: Options) -> UserCall:
        return UserCall(getattr(self.object, self.names.forward), inputs, options)

    def backward_call(self, douts: Sequence[Any], more: Options) -> UserCall:
        return UserCall(getattr(self.object, self.names.backward), douts, more)

    def value(self, returned: Any) -> Any:
        return kept(self.object, VALUES) if returned is None else returned

    def gradients(self, returned: Any, dout: Any) -> Any:  # noqa: ARG002
        return kept(self.object, GRADIENTS) if returned is None else returned


class KeepingHandle(MethodHandle):
    """An object that keeps what its methods make; ``slots`` are the names that its forward has for its inputs."""

    def __init__(self, made: Any, names: PassNames, slots: Sequence[str]) -> None:
        super().__init__(made, names)
        self.slots = slots
        self.inputs: Sequence[Any] = ()

    def forward_call(self, inputs: Sequence[Any], options: Options) -> UserCall:
        self.inputs = inputs
        self.slots = [it for it in self.slots if it not in options][: len(inputs)]
        return super().forward_call(inputs, options)

    def value(self, returned: Any) -> Any:
        made = super().value(returned)
        return self.last_assigned(self.names.forward) if made is None else made

    def gradients(self, returned: Any, dout: Any) -> Any:
        by_slot = [next(named_so(attribute_dict(self.object), slot), None) for slot in self.slots]
        if returned is None and any(it is not None for it in by_slot):
            return by_slot[0] if len(by_slot) == 1 else tuple(by_slot)
        made = super().gradients(returned, dout)
        return self.last_assigned(self.names.backward, like=self.inputs[0]) if made is None else made

    def last_assigned(self, name: str, *, like: Any = None) -> Any:
        """Return the last array that a method's source assigns to the object, of one shape where there is a choice."""
        arrays = (getattr(self.object, it, None) for it in reversed(assigned_attributes(getattr(self.object, name))))
        made = [it for it in arrays if isinstance(it, np.ndarray) and not any(it is given for given in self.inputs)]
        return next((it for it in made if it.dtype.kind == "f" and (like is None or it.shape == np.shape(like))), None)


def kept(owner: Any, names: Sequence[str]) -> Any:
    """Return what an object keeps under the first of some names, None where it has none of them."""
    return next((getattr(owner, name) for name in names if hasattr(owner, name)), None)


def find_method_pair(name: str, namespace: Mapping[str, Any]) -> Recipe | None:
    """Return the recipe of a class with both methods, None where it has not both."""
    cls = namespace[name]
    if not inspect.isclass(cls):
        return None
    return next((recipe for names in METHODS if (recipe := method_pair_recipe(name, cls, names))), None)


def method_pair_recipe(name: str, cls: type, names: PassNames) -> Recipe | None:
    """Return how a layer of a class is made, None where it has not both methods."""
    forward, backward = method(cls, names.forward), method(cls, names.backward)
    if forward is None or backward is None:
        return None
    if all(map(does_nothing, (forward, backward))):
        return None
    keeps = not returns_a_value(forward) and not returns_a_value(backward)
    slots = needed_names(forward, skips=not is_static(cls, names.forward))

    def make(*held: Any, **options: Any) -> MethodHandle:
        made = cls(*held, **options)
        return KeepingHandle(made, names, slots) if keeps else MethodHandle(made, names)

    return Recipe(
        name,
        style_of_methods(cls, names, keeps=keeps),
        cls,
        forward,
        backward,
        make,
        init_of(cls),
        forward_skips=not is_static(cls, names.forward),
        backward_skips=1 + (not is_static(cls, names.backward)),
    )


def style_of_methods(cls: type, names: PassNames, *, keeps: bool) -> str:
    """Return what a class with two methods is called: by their names, by what it keeps, and by who initializes it."""
    if method(cls, "initialize") and needed_names(method(cls, "initialize"), skips=1) == ["optimizer"]:
        return "class that an optimizer initializes"
    if not keeps or names.style != "class":
        return names.style
    kept_there = ((VALUES, method(cls, names.forward)), (GRADIENTS, method(cls, names.backward)))
    found = [(usual, assigned_attributes(function)) for usual, function in kept_there]
    is_usual = all(not assigned or any(name in assigned for name in usual) for usual, assigned in found)
    return KEEPS if is_usual else f"{KEEPS} under names of its own"


def bases_of(cls: type) -> set[str]:
    """Return the names of a class and all its bases."""
    return {base.__name__ for base in inspect.getmro(cls)}


def method(cls: type, name: str) -> Any:
    """Return a class's method, its own or a base class's; None where it has none."""
    found = getattr(cls, name, None) if name in class_attributes(cls) else None
    return found if callable(found) else None


def class_attributes(cls: type) -> set[str]:
    """Return what a class and its bases define, without what every object has."""
    return {key for base in inspect.getmro(cls)[:-1] for key in vars(base)}


def is_static(cls: type, name: str) -> bool:
    """Return whether a method takes no self."""
    return isinstance(inspect.getattr_static(cls, name), staticmethod | classmethod)


def init_of(cls: type) -> Any:
    """Return a class's ``__init__``, None where it leaves that to ``object``."""
    init = cls.__init__  # type: ignore[misc]
    return None if init is object.__init__ else init


def missing_method(cls: type) -> Misfit:
    """Return why a class is not a layer: which of the two methods it lacks."""
    has = class_attributes(cls)
    missing = [it for it in ("forward", "backward") if it not in has]
    if not missing:
        empty = next((it for it in ("forward", "backward") if does_nothing(getattr(cls, it))), "forward")
        return Misfit(f"{cls.__name__}.{empty} does nothing: classes made of it write their own", cls)
    words = f"{cls.__name__} has no {' and no '.join(missing)}"
    return Misfit(words, cls, spelt_otherwise(cls, missing[0]))


def spelt_otherwise(cls: type, wanted: str) -> str:
    """Return the hint at a method whose name is spelt much like the one that is missing, or how to write that one.

    Where two others may be the passes by another name, it is how a scenario says so.
    """
    import difflib  # noqa: PLC0415  (few layers lack a method, and every layer's process would wait for it)

    passes = {"forward", "backward"}
    methods = class_attributes(cls) & {it for it in dir(cls) if not it.startswith("__") and method(cls, it)}
    close = difflib.get_close_matches(wanted, methods - passes, n=1, cutoff=0.7)
    if close:
        return f"it has {close[0]}: did you mean {wanted}?"
    written = "def forward(self, x): ..." if wanted == "forward" else "def backward(self, dout): ..."
    if len(methods) < len(passes):
        return written
    otherwise = f'[styles.{cls.__name__}] forward = "run" backward = "undo"'
    return f"{written}; where they have other names, the scenario says so: {otherwise}"
