"""What is checked: one node's layer, made anew as often as it takes, and the values that the run gave it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from layers import Array


class Checked(Protocol):
    """What can be checked: anything that goes forward and backward."""

    def forward(self, *inputs: Any) -> Any:
        """Return the value at ``inputs``."""

    def backward(self, *douts: Any) -> Any:
        """Return the gradient of each input, given one dout for each output."""


def the_instance(layer: Checked, _: Sequence[Any]) -> Any:
    """Return the instance itself: there is nothing inside it."""
    return layer


@dataclass(frozen=True, eq=False)
class Subject:
    """A layer at its node. ``make`` returns a fresh instance, of which nothing but its methods is used.

    ``names`` are the values that it takes, ``slots`` what its forward calls them, and ``takes_gradient`` says which
    of them a gradient goes back to. ``inputs`` are float64 but for integers, which stay what they are.
    ``spared`` says which may go without a gradient all the same: data, behind which nobody waits for one. ``sought``
    tells of each where its gradient is looked for, if that is not what backward returns. ``unpaired`` has what there
    is to say of parameters that the layer makes itself and that cannot be checked, by name. ``is_last`` says that what
    enters backward here is 1 everywhere, and nothing else. ``options`` are those of the layer, and ``remade`` makes an
    instance with some of them changed, where that is possible. ``is_judged_nearby`` says that only the run's own values
    and those near them count: a loss that is made of many layers may be saturated at others.
    ``outputs`` are the values that it gives, where they are several, and ``ignored`` those of them whose gradients its
    backward does not take; those of these that a gradient came back to in the run are ``lost``.
    ``inside`` returns the user's own object in an instance, given the values that forward gets, and ``functions`` are
    those of the user's that it calls.
    """

    node: str
    layer: str
    make: Callable[[], Checked]
    names: tuple[str, ...]
    slots: tuple[str, ...]
    inputs: tuple[Array, ...]
    takes_gradient: tuple[bool, ...]
    dtype: np.dtype[Any]
    spared: tuple[bool, ...] = ()
    sought: tuple[str, ...] = ()
    unpaired: Mapping[str, str] = field(default_factory=dict)
    is_last: bool = False
    is_judged_nearby: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    remade: Callable[[Mapping[str, Any]], Checked] | None = None
    inside: Callable[[Checked, Sequence[Any]], Any] = the_instance
    functions: tuple[Callable[..., Any], ...] = ()

    def at(self, inputs: tuple[Array, ...]) -> Subject:
        """Return the same layer at other values."""
        return replace(self, inputs=inputs)

    @property
    def is_finite(self) -> bool:
        """Whether all of its inputs are numbers."""
        return all(bool(np.isfinite(x).all()) for x in self.inputs)

    @property
    def taking(self) -> tuple[int, ...]:
        """The positions of the inputs that take a gradient."""
        return tuple(position for position, takes in enumerate(self.takes_gradient) if takes)

    def changed(self, inputs: tuple[Array, ...], change: Callable[[Array], Array]) -> tuple[Array, ...]:
        """Return ``inputs``, those that take a gradient changed."""
        return tuple(
            [np.asarray(change(x)) if takes else x for x, takes in zip(inputs, self.takes_gradient, strict=True)]
        )

    def is_spared(self, position: int) -> bool:
        """Return whether an input may go without a gradient."""
        return position < len(self.spared) and self.spared[position]

    @property
    def is_users(self) -> bool:
        """Whether it is a layer of the user's own."""
        return bool(self.functions)

    def is_held(self, position: int) -> bool:
        """Return whether a layer holds an input, and leaves its gradient somewhere on itself."""
        return position < len(self.sought) and bool(self.sought[position])

    def called(self, position: int) -> str:
        """Return what a person calls an input: its name at the node, and forward's own where that differs."""
        name, slot = self.names[position], self.slots[position]
        return name if slot in {"", name} else f"{name} (forward's {slot})"


def widened(x: Any) -> Array:
    """Return a value as float64; integers stay what they are. The array is the caller's own."""
    array = np.asarray(x)
    return np.array(array, np.float64 if array.dtype.kind == "f" else array.dtype)
