"""In the child: how Python comes from an object of the user's to what is on it: ``layer.params["W"]``."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, MutableMapping, MutableSequence, Sequence
from typing import Any, TypeAlias

import numpy as np

from bptui.guest.child.object_arrays import DEEPEST, MOST_ARRAYS, PLAIN, Spot, attribute_dict
from bptui.guest.child.own_gradients import parts_of

AccessPath: TypeAlias = list[list[Any]]
"""The way from an object to what is on it: names of attributes, each after ``"."``, and keys, each after ``"[]"``."""


class AccessPaths:
    """The ways to all that an object of the user's keeps, on itself, in containers and on objects that it keeps."""

    def __init__(self, owner: Any) -> None:
        self.objects = list(objects_in(owner))

    def to_spot(self, spot: Spot) -> AccessPath | None:
        """Return the way to a place, None where there is none."""
        way = next((way for it, way in self.objects if it is spot.owner), None)
        if way is None:
            return None
        container = [[".", spot.container]] if spot.container else []
        return [*way, *container, ["[]" if spot.container else ".", spot.key]]

    def to_array(self, array: Any) -> AccessPath | None:
        """Return the shortest way to an array, None where it is not kept anywhere."""
        return next((way for owner, start in self.objects for it, way in parts_in(owner, start) if it is array), None)

    def to_gradient(self, spot: Spot) -> list[AccessPath | None]:
        """Return the way to the gradient of what is at a place; several where that is their sum, none where none is."""
        return [self.to_array(it) for it in parts_of(spot)]


def objects_in(owner: Any) -> Iterator[tuple[Any, AccessPath]]:
    """Yield an object and those that it keeps, however deep inside, with the way to each; the nearest first."""
    waiting, seen = deque[tuple[Any, AccessPath, int]]([(owner, [], 0)]), set[int]()
    while waiting:
        it, way, depth = waiting.popleft()
        if id(it) in seen or attribute_dict(it) is None or isinstance(it, PLAIN) or depth > DEEPEST:
            continue
        seen.add(id(it))
        yield it, way
        waiting += [(part, there, depth + 1) for part, there in parts_in(it, way)]


def parts_in(owner: Any, way: Sequence[list[Any]]) -> Iterator[tuple[Any, AccessPath]]:
    """Yield what an object has as attributes, and then what is in those that are lists and dictionaries."""
    attributes = attribute_dict(owner) or {}
    yield from ((it, [*way, [".", name]]) for name, it in attributes.items())
    for name, it in attributes.items():
        if isinstance(it, MutableMapping | MutableSequence | tuple) and not isinstance(it, np.ndarray):
            pairs = list(it.items()) if isinstance(it, MutableMapping) else list(enumerate(it))
            for key, part in pairs[:MOST_ARRAYS]:
                yield part, [*way, [".", name], ["[]", key]]
