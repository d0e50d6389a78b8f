"""In the child: one layer of the user's at its node, with the values that it was given and what it made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeAlias

import numpy as np

from bptui.guest.child.encode_value import encode_attributes, encode_value
from bptui.guest.child.non_finite import bad_element, origin_of_non_finite, unheard
from bptui.guest.child.object_arrays import Spot, attribute_dict, spots_in
from bptui.guest.child.optimizer_stand_in import initialize_layer
from bptui.guest.child.own_gradients import by_place, gradient_of, named_so
from bptui.guest.child.parameter_gradients import parameter_gradients
from bptui.guest.child.returned_list import holds_gradients
from bptui.guest.child.styles.recipe import Handle, Recipe, UserCall, in_place
from bptui.guest.child.unit_gradients import LONGEST, MOST_UNITS, UnitGradients
from bptui.guest.child.user_path import user_folders
from bptui.guest.wire import Message

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True)
class InputSharing:
    """How what a formula gives is shared out, as ``own_layers.Share`` has it.

    ``inputs`` are forward's own names for the first values, ``held`` those of ``__init__`` for the next, and ``made``
    those of the parameters that the layer makes itself. Each function has its options, and ``again`` names the inputs
    that backward takes once more. Of so many ``outputs``, backward gets the gradients of those ``taken``, one by one,
    or where there are none of these, all as a tuple.
    """

    inputs: Sequence[str]
    held: Sequence[str]
    made: Sequence[str]
    again: Sequence[str]
    init_options: Message
    forward_options: Message
    backward_options: Message
    outputs: int = 1
    taken: Sequence[int] = ()

    @property
    def slots(self) -> list[str]:
        """The layer's name for each value."""
        return [*self.inputs, *self.held, *self.made]


class Instance:
    """A layer made by ``recipe``, and its calls. What it is given are copies of its own, to write into as it likes.

    They are arrays, even those without axes: ``out[self.mask] = 0`` works on those, and on NumPy scalars it does not.
    ``order`` says how a formula's values and options are shared out. Those held, arguments of ``__init__`` that are
    values of the graph, are renewed in place at each forward, as the book's optimizers do it. ``making`` is around
    the call that makes the layer.
    """

    def __init__(
        self, recipe: Recipe, order: InputSharing, making: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        self.recipe = recipe
        self.order = order
        self.making = making
        self.is_reported = False
        self.handle: Handle | None = None
        self.held: list[Array] = []
        self.inputs: list[Any] = []
        self.given: list[Any] = []
        self.beside: dict[str, Any] = {}
        self.returns_list = False

    @property
    def object(self) -> Any:
        """What keeps the layer's results: in most styles an object of the user's class."""
        return self.handle.object if self.handle else None

    def forward(self, values: Sequence[Any]) -> Message:
        """Call forward with the first of ``values``; those beyond are held."""
        outs = list(map(encode_value, self.outs(self.handle_for(values).value(self.forward_call()()))))
        arrays = [out["arrays"][0] for out in outs]
        message: Message = {"parts": list(map(without_array, outs)), "arrays": arrays, "mutated": self.mutated()}
        if (bad := self.made_of_finite([it for it in arrays if it is not None], values)) is not None:
            with unheard():
                message["non_finite"] = {**bad, "origin": self.another(values).origin_in_forward()}
        return message

    def outs(self, value: Any) -> Sequence[Any]:
        """Return the outputs that forward's value has: as many as the node names, or it alone."""
        is_several = self.order.outputs > 1 and isinstance(value, tuple | list)
        return value if is_several and len(value) == self.order.outputs else [value]

    def another(self, values: Sequence[Any]) -> Instance:
        """Return another layer of the same recipe, which has taken the values."""
        other = Instance(self.recipe, self.order, self.making)
        other.handle_for(values)
        return other

    def origin_in_forward(self) -> Message | None:
        """Return which operation of the lines that go forward makes NaN or infinity."""
        call = self.forward_call()
        return origin_of_non_finite(call.__call__, user_folders.holds)

    def origin_in_backward(self, douts: Sequence[Any]) -> Message | None:
        """Return which operation of the lines that go back does."""
        assert self.handle is not None
        self.handle.value(self.forward_call()())
        call = self.backward_call(list(map(np.array, douts)))
        return origin_of_non_finite(call.__call__, user_folders.holds)

    def made_of_finite(self, arrays: Sequence[Any], operands: Sequence[Any]) -> Message | None:
        """Return the first element that is not finite where all that it was made of is; once in a layer's life."""
        bad = next((it for it in map(bad_element, arrays) if it is not None), None)
        if bad is None or self.is_reported or not all(bool(np.isfinite(it).all()) for it in operands):
            return None
        self.is_reported = True
        return {"kind": bad[0], "index": bad[1]}

    def handle_for(self, values: Sequence[Any]) -> Handle:
        """Take copies of the values, and return the layer, which is made of those held or given them anew."""
        first, last = len(self.order.inputs), len(self.order.inputs) + len(self.order.held)
        self.given = list(values)
        self.inputs = [np.array(value) for value in values[:first]]
        if self.handle is None:
            self.held = [np.array(value) for value in values[first:last]]
            with self.making():
                self.handle = self.recipe.make(*self.held, **self.order.init_options)
                initialize_layer(self.handle.object, self.inputs)
        else:
            self.renew_held(values[first:last])
        self.renew_made(values[last:])
        return self.handle

    def renew_held(self, values: Sequence[Any]) -> None:
        """Write values into the arrays that the layer was made of, and into copies of them under the same names."""
        for name, array, value in zip(self.order.held, self.held, values, strict=True):
            array[...] = value
            copy = (attribute_dict(self.object) or {}).get(name)
            if isinstance(copy, np.ndarray) and copy is not array and copy.shape == array.shape:
                copy[...] = value

    def renew_made(self, values: Sequence[Any]) -> None:
        """Write values into the parameters that the layer has made itself, or makes when it first goes forward.

        Raises AttributeError where one is gone.
        """
        if not self.order.made:
            return
        spots = spots_in(self.object)
        if not spots.keys() >= set(self.order.made):
            self.forward_call()()
            spots = spots_in(self.object)
        for name, value in zip(self.order.made, values, strict=True):
            if name not in spots:
                raise AttributeError(f"{name} is not there any more")
            spots[name].put(value)

    def forward_call(self) -> UserCall:
        """Return the call that goes forward with the values that were taken."""
        assert self.handle is not None
        return in_place(self.handle.forward_call(self.inputs, self.order.forward_options))

    def backward_call(self, douts: Sequence[Any]) -> UserCall:
        """Return the call that goes back, with what it takes beside dout: options, and inputs by their names."""
        assert self.handle is not None
        named = dict(zip(self.order.inputs, self.inputs, strict=True))
        more = {name: named[name] for name in self.order.again}
        taken = [douts[place] for place in self.order.taken] or (douts if len(douts) == 1 else [tuple(douts)])
        return in_place(self.handle.backward_call(taken, {**self.order.backward_options, **more}))

    def gradients_for(self, douts: Sequence[Any]) -> Any:
        """Return what the layer gives back for ``douts``, one for each output, whatever it is."""
        return self.gradients_in(self.backward_call(douts)(), douts[0])

    def gradients_in(self, returned: Any, dout: Any) -> Any:
        """Return the gradients that there are in what the call back has returned."""
        assert self.handle is not None
        found = self.handle.gradients(returned, dout)
        self.beside = {}
        if isinstance(found, Mapping):
            return by_place(found, self.order.inputs)
        self.returns_list = isinstance(found, list) and self.holds_gradients(found)
        if self.returns_list or isinstance(found, tuple):
            return self.without_parameters(tuple(found))
        return found

    def holds_gradients(self, found: list[Any]) -> bool:
        """Return whether a list has the gradients of the inputs, and behind them perhaps those of parameters."""
        count = len(self.order.inputs)
        has_more = len(found) > count and bool(self.order.held or self.order.made)
        return holds_gradients(found[:count] if has_more else found, count)

    def without_parameters(self, found: tuple[Any, ...]) -> Any:
        """Return the gradients of the inputs alone, where those of the layer's own parameters stand behind them."""
        count = len(self.order.inputs)
        if not 0 < count < len(found) or (self.held and len(found) == count + len(self.held)):
            return found
        own = {name: spot.array for name, spot in spots_in(self.object).items()}
        own = {name: it for name, it in own.items() if not any(it is value for value in self.inputs)}
        held = dict(zip(self.order.held, self.held, strict=True))
        beside = parameter_gradients(found, count, {**held, **own}, self.recipe.backward)
        if beside is None:
            return found
        self.beside = beside
        return found[0] if count == 1 else found[:count]

    def backward(self, douts: Sequence[Any]) -> Message:
        """Call backward, and read the gradients of what is held."""
        own = list(map(np.array, douts))
        gradients = self.gradients_for(own)
        is_tuple = isinstance(gradients, tuple)
        parts = [encode_value(gradient) for gradient in (gradients if is_tuple else (gradients,))]
        held = [encode_value(gradient) for gradient in self.kept_gradients()]
        mutated = self.mutated() + ["dout"] * any(map(differs, own, douts))
        arrays = [part["arrays"][0] for part in parts + held]
        bad = self.made_of_finite([it for it in arrays if it is not None], [*self.given, *douts])
        more: Message = {}
        if bad:
            with unheard():
                more = {"non_finite": {**bad, "origin": self.another(self.given).origin_in_backward(douts)}}
        return {
            **more,
            "is_tuple": is_tuple,
            "parts": list(map(without_array, parts + held)),
            "arrays": arrays,
            "mutated": mutated,
        }

    def kept_gradients(self) -> list[Any]:
        """Return the gradients that ``backward`` has left on the object, of what is held and of what it has made."""
        if not self.held and not self.order.made:
            return []
        spots = spots_in(self.object)
        made = [self.own_gradient(name, spots) for name in self.order.made]
        return [*(self.held_gradient(place, spots) for place in range(len(self.held))), *made]

    def own_gradient(self, name: str, spots: Mapping[str, Spot]) -> Any:
        """Return the gradient that ``backward`` has left for a parameter of the layer's own, or has returned."""
        kept = gradient_of(spots[name]) if name in spots else None
        return self.beside.get(name) if kept is None else kept

    def held_gradient(self, place: int, spots: Mapping[str, Spot]) -> Any:
        """Return the gradient that ``backward`` has left for a held value: in ``self.dW``, or among ``self.grads``.

        An array that stands in ``self.params`` several times is used several times, and its gradients are summed.
        """
        name = self.order.held[place]
        if name in self.beside:
            return self.beside[name]
        if hasattr(self.object, f"d{name}"):
            return getattr(self.object, f"d{name}")
        attributes, grads = attribute_dict(self.object) or {}, getattr(self.object, "grads", None)
        named = next(named_so(attributes, name), None)
        if named is None and isinstance(grads, Mapping):
            named = grads.get(name, next(named_so(grads, name), None))
        spot = next((spot for spot in spots.values() if spot.array is self.held[place]), None)
        if named is None and spot is not None:
            named = gradient_of(spot)
        if named is None and isinstance(grads, list | tuple) and place < len(grads):
            named = grads[place]
        return named

    def mutated(self) -> list[str]:
        """Return which of the values given to the last forward differ from what they were."""
        triples = zip(self.order.slots, [*self.inputs, *self.held, *self.made_values()], self.given, strict=True)
        return [name for name, own, given in triples if differs(own, given)]

    def made_values(self) -> list[Array]:
        """Return what the layer has now in the parameters of its own."""
        spots = spots_in(self.object) if self.order.made else {}
        return [np.asarray(spots[name].array) for name in self.order.made]

    def local(self, values: Sequence[Any]) -> Message:
        """Go forward, and return the local derivatives: the layer's own, or those that its backward amounts to."""
        message = self.forward(values)
        out, *others = message["arrays"]
        if callable(getattr(self.object, "local", None)):
            made = self.object.local()
            locals_ = [encode_value(it)["arrays"][0] for it in (made if isinstance(made, tuple) else (made,))]
        else:
            locals_ = self.unit_local(out) if not others else []
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
        made = self.gradients_for([dout])
        parts = list(made) if isinstance(made, tuple) else [made]
        parts = (parts + [None] * count)[:count]
        return parts + [encode_value(gradient)["arrays"][0] for gradient in self.kept_gradients()]

    def kept(self, values: Sequence[Any]) -> Message:
        """Go forward, and return what the layer keeps on itself, by attribute."""
        self.forward(values)
        return encode_attributes(self.object)

    def job(self, work: Callable[..., Message], values: Sequence[Any], arguments: Message) -> Message:
        """Let ``work`` do with the object what it likes: step through its lines, for one."""
        return work(self, values, **arguments)


def without_array(part: Message) -> Message:
    """Return what a description says beside its array."""
    return {key: it for key, it in part.items() if key != "arrays"}


def differs(own: Any, given: Any) -> bool:
    """Return whether a copy no longer has the bytes, the shape and the dtype of the original."""
    if own is given:
        return False
    return own.shape != given.shape or own.dtype != given.dtype or bool(own.tobytes() != given.tobytes())
