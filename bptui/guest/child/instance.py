"""In the child: one layer of the user's at its node, with the values that it was given and what it made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from time import monotonic
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from bptui.guest.child.attributes import described_attributes
from bptui.guest.child.encode_value import described
from bptui.guest.child.styles.recipe import Call, Handle, Recipe
from bptui.guest.child.unit_gradients import LONGEST, MOST_UNITS, UnitGradients
from bptui.guest.wire import Message

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Order:
    """How what a formula gives is shared out, as ``own_layers.Share`` has it.

    ``inputs`` are forward's own names for the first values and ``held`` those of ``__init__`` for the others; each
    function has its options, and ``again`` names the inputs that backward takes once more.
    """

    inputs: Sequence[str]
    held: Sequence[str]
    again: Sequence[str]
    init_options: Message
    forward_options: Message
    backward_options: Message

    @property
    def slots(self) -> list[str]:
        """The layer's name for each value."""
        return [*self.inputs, *self.held]


class Instance:
    """A layer made by ``recipe``, and its calls. What it is given are copies of its own, to write into as it likes.

    They are arrays, even those without axes: ``out[self.mask] = 0`` works on those, and on NumPy scalars it does not.
    ``order`` says how a formula's values and options are shared out. Those held, arguments of ``__init__`` that are
    values of the graph, are renewed in place at each forward, as the book's optimizers do it.
    """

    def __init__(self, recipe: Recipe, order: Order) -> None:
        self.recipe = recipe
        self.order = order
        self.handle: Handle | None = None
        self.held: list[Array] = []
        self.inputs: list[Any] = []
        self.given: list[Any] = []

    @property
    def object(self) -> Any:
        """What keeps the layer's results: in most styles an object of the user's class."""
        return self.handle.object if self.handle else None

    def forward(self, values: Sequence[Any]) -> Message:
        """Call forward with the first of ``values``; those beyond are held."""
        out = self.handle_for(values).value(self.forward_call()())
        return {**described(out), "mutated": self.mutated()}

    def handle_for(self, values: Sequence[Any]) -> Handle:
        """Take copies of the values, and return the layer, which is made of those held or given them anew."""
        count = len(self.order.inputs)
        self.given = list(values)
        self.inputs = [np.array(value) for value in values[:count]]
        if self.handle is None:
            self.held = [np.array(value) for value in values[count:]]
            self.handle = self.recipe.make(*self.held, **self.order.init_options)
        for array, value in zip(self.held, values[count:], strict=True):
            array[...] = value
        return self.handle

    def forward_call(self) -> Call:
        """Return the call that goes forward with the values that were taken."""
        assert self.handle is not None
        return self.handle.forward_call(self.inputs, self.order.forward_options)

    def backward_call(self, dout: Any) -> Call:
        """Return the call that goes back, with what it takes beside dout: options, and inputs by their names."""
        assert self.handle is not None
        named = dict(zip(self.order.inputs, self.inputs, strict=True))
        more = {name: named[name] for name in self.order.again}
        return self.handle.backward_call(dout, {**self.order.backward_options, **more})

    def gradients_for(self, dout: Any) -> Any:
        """Return what the layer gives back for ``dout``, whatever it is."""
        assert self.handle is not None
        return self.handle.gradients(self.backward_call(dout)(), dout)

    def backward(self, dout: Any) -> Message:
        """Call backward, and read the gradients of what is held."""
        own = np.array(dout)
        gradients = self.gradients_for(own)
        is_tuple = isinstance(gradients, tuple)
        parts = [described(gradient) for gradient in (gradients if is_tuple else (gradients,))]
        held = [self.held_gradient(place) for place in range(len(self.held))]
        mutated = self.mutated() + (["dout"] if differs(own, dout) else [])
        return {
            "is_tuple": is_tuple,
            "parts": [{key: it for key, it in part.items() if key != "arrays"} for part in parts + held],
            "arrays": [part["arrays"][0] for part in parts + held],
            "mutated": mutated,
        }

    def held_gradient(self, place: int) -> Message:
        """Return the gradient that ``backward`` has left for a held value: in ``self.dW``, or among ``self.grads``."""
        name = f"d{self.order.held[place]}"
        if hasattr(self.object, name):
            return described(getattr(self.object, name))
        grads = getattr(self.object, "grads", None)
        if isinstance(grads, Mapping):
            return described(grads.get(self.order.held[place]))
        found = [grads[at] for at in self.places_among_params(place) if at < len(grads)] if is_row(grads) else []
        return described(reduce(add, found) if found else None)

    def places_among_params(self, place: int) -> list[int]:
        """Return where in ``self.params`` a held value is: at each place where the array itself is, or else in order.

        An array that stands there several times is used several times, and its gradients are summed.
        """
        params = getattr(self.object, "params", None)
        places = [at for at, it in enumerate(params) if it is self.held[place]] if is_row(params) else []
        return places or [place]

    def mutated(self) -> list[str]:
        """Return which of the values given to the last forward differ from what they were."""
        now = [*self.inputs, *self.held]
        triples = zip(self.order.slots, now, self.given, strict=True)
        return [name for name, own, given in triples if differs(own, given)]

    def local(self, values: Sequence[Any]) -> Message:
        """Go forward, and return the local derivatives: the layer's own, or those that its backward amounts to."""
        message = self.forward(values)
        out = message["arrays"][0]
        if callable(getattr(self.object, "local", None)):
            made = self.object.local()
            locals_ = [described(it)["arrays"][0] for it in (made if isinstance(made, tuple) else (made,))]
        else:
            locals_ = self.unit_local(out)
        return {"arrays": [out, *locals_[: len(values)]], "count": len(values)}

    def unit_local(self, out: Any) -> list[Any]:
        """Return what unit douts show of the local derivatives."""
        if out is None or not 0 < np.size(out) <= MOST_UNITS:
            return []
        end = monotonic() + LONGEST
        columns = [UnitGradients(np.asarray(value), np.shape(out)) for value in self.given]
        for place in range(np.size(out)):
            unit = np.zeros(np.shape(out), out.dtype if out.dtype.kind == "f" else np.float64)
            unit.flat[place] = 1
            gradients = self.gradients(unit)
            for column, gradient in zip(columns, gradients, strict=False):
                column.add(place, gradient)
            if not any(column.is_wanted for column in columns):
                break
            if monotonic() > end:
                return []
        return [column.local for column in columns]

    def gradients(self, dout: Any) -> list[Any]:
        """Return the gradients of all values for one dout, None where there is none."""
        count = len(self.inputs)
        made = self.gradients_for(dout)
        parts = list(made) if isinstance(made, tuple) else [made]
        parts = (parts + [None] * count)[:count]
        return parts + [self.held_gradient(place)["arrays"][0] for place in range(len(self.held))]

    def kept(self, values: Sequence[Any]) -> Message:
        """Go forward, and return what the layer keeps on itself, by attribute."""
        self.forward(values)
        return described_attributes(self.object)

    def job(self, work: Callable[..., Message], values: Sequence[Any], arguments: Message) -> Message:
        """Let ``work`` do with the object what it likes: step through its lines, for one."""
        return work(self, values, **arguments)


def is_row(it: Any) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Return whether something is a list or tuple, as ``self.params`` and ``self.grads`` are in the book."""
    return isinstance(it, list | tuple)


def differs(own: Any, given: Any) -> bool:
    """Return whether a copy no longer has the bytes, the shape and the dtype of the original."""
    if own is given:
        return False
    return own.shape != given.shape or own.dtype != given.dtype or bool(own.tobytes() != given.tobytes())
