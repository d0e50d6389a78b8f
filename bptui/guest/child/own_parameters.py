"""In the child: the parameters that a layer makes itself, found by looking at it before, between and after its passes.

A parameter is an array of floats that stays what it is while other inputs go through, and that has a gradient beside
it after backward, or without one still moves the value: then it cannot be checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bptui.guest.child.encode_value import encode_value
from bptui.guest.child.object_arrays import spots_in
from bptui.guest.wire import Message

if TYPE_CHECKING:
    from bptui.guest.child.instance import Instance

MOST_PROBED = 20
"""Arrays without a gradient that are tried one by one."""


def find_own_parameters(instance: Instance, values: Sequence[Any], seed_all: Callable[[], None]) -> Message:
    """Return the outputs at ``values``, and the parameters that the layer has made itself, with their numbers.

    ``unpaired`` names those that have no gradient. ``seed_all`` starts the random numbers as for the first pass.
    """
    out = instance.forward(values)
    first = kept_arrays(instance)
    others = numbers_of_others(instance, values, seed_all)
    steady = {name: it for name, it in others.items() if name in first and has_same_values(it, first[name])}
    seed_all()
    instance.forward(values)
    paired = gradients_of(instance, out, steady)
    if paired is None:
        return {**out, "names": [], "unpaired": []}
    unpaired = unpaired_arrays(instance, [name for name in steady if name not in paired], paired)
    can_tell = bool(unpaired) and repeats_forward(instance, values, seed_all)
    moving = [name for name in unpaired[:MOST_PROBED] if can_tell and moves(instance, name, values, seed_all)]
    named = [name for name in steady if name in paired]
    arrays = [encode_value(steady[name])["arrays"][0] for name in named]
    return {**out, "arrays": [*out["arrays"], *arrays], "names": named, "unpaired": moving}


def unpaired_arrays(instance: Instance, names: Sequence[str], paired: Sequence[str]) -> list[str]:
    """Return those of the names that are arrays and not views of one that has a gradient."""
    arrays = {name: spot.array for name, spot in spots_in(instance.object).items()}
    own = [arrays[name] for name in paired if isinstance(arrays.get(name), np.ndarray)]
    others = [name for name in names if isinstance(arrays.get(name), np.ndarray)]
    return [name for name in others if not any(np.may_share_memory(arrays[name], it) for it in own)]


def repeats_forward(instance: Instance, values: Sequence[Any], seed_all: Callable[[], None]) -> bool:
    """Return whether two passes forward give the same, so that a third can tell anything."""
    seed_all()
    one = outputs_at(instance, values)
    seed_all()
    return all(map(has_same_values, one, outputs_at(instance, values)))


def outputs_at(instance: Instance, values: Sequence[Any]) -> list[Any]:
    """Return copies of what a layer gives at ``values``."""
    return list(map(np.array, instance.forward(values)["arrays"]))


def kept_arrays(instance: Instance) -> dict[str, Any]:
    """Return copies of the arrays that a layer keeps and was not given."""
    given = {id(array) for array in (*instance.inputs, *instance.held)}
    own = {name: spot.array for name, spot in spots_in(instance.object).items() if name not in instance.order.held}
    kept = {name: it for name, it in own.items() if id(it) not in given}
    return {name: np.array(it) if isinstance(it, np.ndarray) else it for name, it in kept.items()}


def numbers_of_others(instance: Instance, values: Sequence[Any], seed_all: Callable[[], None]) -> dict[str, Any]:
    """Return the arrays that a layer keeps after other inputs went through; as they are, where it refuses those."""
    try:
        seed_all()
        instance.forward([another_value(value) for value in values])
    except Exception:  # noqa: BLE001  (the fence around the user's code: it may refuse other inputs)
        seed_all()
        instance.forward(values)
    return kept_arrays(instance)


def another_value(value: Any) -> Any:
    """Return another value of the same shape; integers stay what they are."""
    array = np.asarray(value)
    return array * 1.0917 + 0.0371 if array.dtype.kind == "f" else array


def gradients_of(instance: Instance, out: Message, names: Mapping[str, Any]) -> list[str] | None:
    """Return the names beside which there is a gradient once the layer has gone back, None where it fails to."""
    ones = [1.0 if it is None else np.ones(np.shape(it), np.asarray(it).dtype) for it in out["arrays"]]
    try:
        instance.gradients_for(ones)
    except Exception:  # noqa: BLE001  (the fence around the user's code: the run will tell of it)
        return None
    spots = spots_in(instance.object)
    return [name for name in names if name in spots and instance.own_gradient(name, spots) is not None]


def moves(instance: Instance, name: str, values: Sequence[Any], seed_all: Callable[[], None]) -> bool:
    """Return whether forward gives another value with other numbers in an array of the layer's own."""
    spot = spots_in(instance.object).get(name)
    if spot is None:
        return False
    before = np.array(spot.array)
    try:
        seed_all()
        one = outputs_at(instance, values)
        spot.put(before * 1.125 + 0.0625)
        seed_all()
        other = outputs_at(instance, values)
    except Exception:  # noqa: BLE001  (the fence around the user's code)
        return False
    finally:
        spot.put(before)
    return not all(map(has_same_values, one, other))


def has_same_values(one: Any, other: Any) -> bool:
    """Return whether two arrays or numbers are equal, NaN to NaN."""
    return np.array_equal(one, other, equal_nan=True)
