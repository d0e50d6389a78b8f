"""In the child: what a program has to know of a layer of the user's to call it as bptui does, and without bptui.

Where the parameters are on its object, and their gradients; what its backward returns and takes; and whether what it
draws at random comes from numbers that the program can seed.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bptui.guest.child.access_paths import AccessPath, AccessPaths
from bptui.guest.child.instance import Instance, differs
from bptui.guest.child.object_arrays import Spot, fits, spots_in
from bptui.guest.child.own_gradients import named_so
from bptui.guest.child.parameter_gradients import leaves
from bptui.guest.child.styles.derivative import DerivativeHandle, predicted
from bptui.guest.child.styles.loss_class import PREDICTED, LossObjectHandle
from bptui.guest.child.styles.recipe import Handle
from bptui.guest.child.styles.static_context import ContextHandle
from bptui.guest.wire import Message


def call_facts(instance: Instance, values: Sequence[Any], *, seed: Sequence[int]) -> Message:
    """Return what there is to know of a layer at ``values``, and its outputs there. ``seed`` is the pass's."""
    layer = Instance(instance.recipe, instance.order)  # made in the seeded pass itself, as a run makes it
    outs = layer.forward(values)["arrays"]
    draws = kind_of_draws(instance, values, outs, seed)
    douts = [np.ones(np.shape(it), np.asarray(1.0 if it is None else it).dtype) for it in outs]
    returned = layer.backward_call(douts)()
    assert layer.handle is not None
    sent = layer.handle.gradients(returned, douts[0])
    layer.gradients_in(returned, douts[0])
    sent = tuple(sent) if layer.returns_list else sent
    return {
        **style_facts(layer, layer.handle),
        **parameter_facts(layer, sent),
        "arrays": outs,
        "draws": draws,
        "makes_late": makes_late(instance, values),
        "keys": gradient_keys(sent, layer.order.inputs) if isinstance(sent, Mapping) else [],
        "places": places_of_inputs(returned, sent),
        "behind": places_behind(layer, sent),
    }


def kind_of_draws(instance: Instance, values: Sequence[Any], outs: Sequence[Any], seed: Sequence[int]) -> str:
    """Return "seed" where the outputs come from NumPy's and Python's global numbers, "elsewhere" where from others."""
    if any(map(is_another, outs, drawn_from(instance, values, seed))):
        return "elsewhere"
    return "seed" if any(map(is_another, outs, drawn_from(instance, values, [*seed, 1]))) else ""


def drawn_from(instance: Instance, values: Sequence[Any], seed: Sequence[int]) -> list[Any]:
    """Return the outputs of a fresh layer after both kinds of global numbers were seeded."""
    random.seed(str(list(seed)))
    np.random.seed(list(seed))  # noqa: NPY002  (it is what the book's layers draw from)
    arrays: list[Any] = Instance(instance.recipe, instance.order).forward(values)["arrays"]
    return arrays


def is_another(one: Any, other: Any) -> bool:
    """Return whether two outputs are not the same array."""
    return one is None or other is None or differs(np.asarray(one), np.asarray(other))


def makes_late(instance: Instance, values: Sequence[Any]) -> bool:
    """Return whether a layer makes its own parameters when it first goes forward, and not before."""
    if not instance.order.made:
        return False
    bare = Instance(instance.recipe, replace(instance.order, made=()))
    bare.handle_for(values[: len(values) - len(instance.order.made)])
    return not spots_in(bare.object).keys() >= set(instance.order.made)


def style_facts(layer: Instance, handle: Handle) -> Message:
    """Return what only some styles have: which input a derivative is by, what a loss takes again."""
    facts: Message = {}
    if isinstance(handle, DerivativeHandle):
        facts["predicted"] = predicted(handle.slots) if len(layer.inputs) > 1 else 0
    if isinstance(handle, LossObjectHandle):
        facts["again"] = [place_again(handle, name) for name in handle.again]
        facts["is_mean"] = PREDICTED in handle.again and hasattr(handle.object, "calculate")
    if isinstance(handle, ContextHandle):
        facts["needs"] = list(map(bool, handle.object.needs_input_grad))
    return facts


def place_again(handle: LossObjectHandle, name: str) -> int | None:
    """Return which input a loss's backward takes again by a name, None for what its object keeps as its output."""
    if name != PREDICTED:
        return list(handle.slots).index(name)
    is_kept = handle.slots[0] == "inputs" and getattr(handle.object, "output", None) is not None
    return None if is_kept else predicted(handle.slots)


def parameter_facts(layer: Instance, sent: Any) -> Message:
    """Return where the parameters are that a layer has made, and the gradients of all that are not returned."""
    ways, spots = AccessPaths(layer.object), spots_in(layer.object)
    made = [spots[name] for name in layer.order.made]
    are_returned = isinstance(sent, tuple) and len(sent) == len(layer.inputs) + len(layer.held)
    held = [] if are_returned else [held_gradient(layer, place, ways, spots) for place in range(len(layer.held))]
    return {
        "parameters": [parameter_place(it, ways) for it in made],
        "gradients": [*held, *map(ways.to_gradient, made)],
    }


def places_behind(layer: Instance, sent: Any) -> list[int | None]:
    """Return which of all that backward returns is each parameter's gradient, where they stand behind those of inputs.

    None for one that stands elsewhere. Nothing where none of them is returned so.
    """
    if not layer.beside or not isinstance(sent, tuple):
        return []
    parts = [it.array for part in sent for it in leaves(part, None)]
    names = (*layer.order.held, *layer.order.made)
    return [next((at for at, it in enumerate(parts) if it is layer.beside.get(name, parts)), None) for name in names]


def parameter_place(spot: Spot, ways: AccessPaths) -> Message:
    """Return where a parameter is, with all that share it, and whether a value can be written into its array."""
    now = spot.array
    is_array = isinstance(now, np.ndarray)
    in_place = is_array and (isinstance(spot.holder, tuple) or fits(now, np.array(now)))
    paths = [ways.to_spot(it) for it in ([spot] if in_place else [spot, *spot.aliases])]
    return {"paths": paths, "in_place": in_place, "is_array": is_array}


def held_gradient(layer: Instance, place: int, ways: AccessPaths, spots: Mapping[str, Spot]) -> list[AccessPath | None]:
    """Return where the gradient of a held value is; several where it is their sum."""
    name = layer.order.held[place]
    if hasattr(layer.object, f"d{name}"):
        return [[[".", f"d{name}"]]]
    if (gradient := layer.held_gradient(place, spots)) is None:
        return []
    path = ways.to_array(gradient)
    spot = next((it for it in spots.values() if it.array is layer.held[place]), None)
    return ways.to_gradient(spot) if path is None and spot is not None else [path]


def gradient_keys(sent: Mapping[str, Any], inputs: Sequence[str]) -> list[str | None]:
    """Return under which key backward gives the gradient of each input, None where it gives none."""
    return [gradient_key(sent, name) for name in inputs]


def gradient_key(sent: Mapping[str, Any], name: str) -> str | None:
    """Return the key of an input's gradient."""
    found = next(named_so(sent, name), sent.get(name))
    return next((key for key, it in sent.items() if found is not None and it is found), None)


def places_of_inputs(returned: Any, sent: Any) -> list[int]:
    """Return which parts of what backward returned are gradients of inputs, where some are of options; else nothing."""
    parts = sent if isinstance(sent, tuple) else (sent,)
    if not isinstance(returned, tuple) or len(parts) >= len(returned):
        return []
    places = iter(range(len(returned)))
    return [next((at for at in places if returned[at] is part), 0) for part in parts]
