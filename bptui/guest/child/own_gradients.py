"""In the child: the gradient that stands beside an array on the user's object: ``dW``, ``grad_W``, ``grads["W"]``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from bptui.guest.child.object_arrays import NUMBERS, PARAMETERS, Spot, attribute_dict, is_float, plain_name
from bptui.guest.child.optimizer_stand_in import OptimizerStandIn

GRADIENTS = frozenset({"grads", "grad", "gradients", "gradient", "dparams", "dparameters", "paramgrads"})
"""What the list or dictionary is called that has the gradients of one with parameters."""

PATTERNS = ("d{}", "grad{}", "{}grad", "dld{}", "dl{}", "gradient{}", "{}gradient", "grads{}")
"""What the gradient of a name is called, in lower case and without underscores; the most usual first."""


def gradient_of(spot: Spot) -> Any:
    """Return the gradient of what is at a place, None where none is found; of one in a list several times, the sum."""
    parts = [part for part in parts_of(spot) if part is not None]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else reduce(add, parts)


def parts_of(spot: Spot) -> list[Any]:
    """Return the gradients that belong to a place and its aliases, each once.

    The object's own list or attribute counts before those of layers inside it, which it may have collected there.
    """
    places = [it for it in (spot, *spot.aliases) if plain_name(it.container) not in GRADIENTS]
    if own := parts_on([it for it in places if it.depth == 0]):
        return own
    owners = dict.fromkeys(id(it.owner) for it in places)
    found = [part for owner in owners for part in parts_on([it for it in places if id(it.owner) == owner])]
    return list({id(part): part for part in found}.values())


def parts_on(places: Sequence[Spot]) -> list[Any]:
    """Return the gradients for places on one object: all in its list of parameters, or else the one beside it."""
    for holder in dict.fromkeys(id(it.holder) for it in places):
        found = [part for it in places if id(it.holder) == holder and (part := gradient_beside(it)) is not None]
        if found:
            return found
    return []


def gradient_beside(spot: Spot) -> Any:
    """Return the gradient that stands beside one place."""
    return next((it for it in gradient_candidates(spot) if is_float(it)), None)


def gradient_candidates(spot: Spot) -> Iterator[Any]:
    """Yield what may be the gradient of what is at a place, the most likely first."""
    attributes = attribute_dict(spot.owner) or {}
    if spot.key in NUMBERS and isinstance(spot.holder, Mapping) and "grad" in spot.holder:
        yield spot.holder["grad"]
        return
    rows = [it for name, it in attributes.items() if plain_name(name) in GRADIENTS]
    optimizers = [it for it in attributes.values() if isinstance(it, OptimizerStandIn)]
    yield from (it.gradient for it in optimizers if it.weights is spot.array)
    if isinstance(spot.key, str):
        yield from named_so(spot.holder, spot.key)
        for row in rows:
            if isinstance(row, Mapping):
                yield row.get(spot.key)
                yield from named_so(row, spot.key)
        return
    for row in rows:
        if isinstance(row, list | tuple) and spot.key < len(row) and belongs_to(row, spot):
            yield row[spot.key]


def belongs_to(row: Sequence[Any], spot: Spot) -> bool:
    """Return whether a list has the gradients of the list that a place is in: of a cache, there are none in it."""
    if plain_name(spot.container) in PARAMETERS:
        return True
    return len(row) == len(spot.holder) and np.shape(row[spot.key]) == np.shape(spot.array)


def named_so(holder: Any, key: str) -> Iterator[Any]:
    """Yield what a mapping has under the names that the gradient of ``key`` may have; its own spelling comes first."""
    if not isinstance(holder, Mapping):
        return
    yield from (holder[pattern.format(key)] for pattern in PATTERNS if pattern.format(key) in holder)
    wanted = [pattern.format(plain_name(key)) for pattern in PATTERNS]
    for name, it in list(holder.items()):
        if isinstance(name, str) and name != key and plain_name(name) in wanted and same_case(name, key):
            yield it


def by_place(gradients: Mapping[str, Any], inputs: Sequence[str]) -> Any:
    """Return the gradients that backward gives by name, ``{"dx": ..., "dW": ...}``, in the order of the inputs."""
    found = [next(named_so(gradients, name), gradients.get(name)) for name in inputs]
    return found[0] if len(found) == 1 else tuple(found)


def same_case(name: str, key: str) -> bool:
    """Return whether a gradient's name has its parameter's in it as that is written: ``dW`` is not that of ``w``."""
    return key.strip("_").replace("_", "") in name.replace("_", "")
