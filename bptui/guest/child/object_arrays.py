"""In the child: the arrays that an object of the user's keeps, wherever on it, and how to read and to replace them."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, MutableSequence
from dataclasses import dataclass, field, replace
from types import FunctionType, MethodType, ModuleType
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]

DEEPEST = 4
"""How far inside an object arrays are looked for: on it, in its lists and dictionaries, on the layers that it keeps."""

MOST_ARRAYS = 200

PARAMETERS = frozenset({"params", "parameters", "weights", "trainable", "trainableparams", "p"})
"""What a dictionary of parameters is called; its keys are names enough without it."""

NUMBERS = ("data", "value", "val")
"""What a parameter that is an object calls its numbers."""

NEIGHBOURS = frozenset(
    f"{which}{what}"
    for which in ("prev", "previous", "next", "parent")
    for what in ("", "layer", "node", "s", "layers")
)
"""What links to other layers are called: those are no parts of the object."""

PLAIN = (type, ModuleType, FunctionType, MethodType, str, bytes, np.ndarray, np.generic, np.random.Generator)
"""What has nothing of a layer inside."""


@dataclass(frozen=True, eq=False)
class Spot:
    """A place that holds an array: under ``key`` of ``holder``, the attributes of ``owner`` or one of its containers.

    ``container`` is the attribute that such a container is; "" where the array is an attribute itself. ``depth`` counts
    the objects around ``owner``, and ``aliases`` are other places that hold the very same array.
    """

    name: str
    owner: Any
    container: str
    holder: Any
    key: Any
    depth: int
    aliases: list[Spot] = field(default_factory=list)

    @property
    def array(self) -> Any:
        """What is there now."""
        return self.holder[self.key]

    def put(self, value: Any) -> None:
        """Let the array be ``value``: in place if that fits it, so that all references see it, or else another."""
        now = self.array
        if isinstance(now, np.ndarray) and (fits(now, value) or isinstance(self.holder, tuple)):
            now[...] = value
            return
        new = np.array(value) if isinstance(now, np.ndarray) else np.asarray(value)[()]
        for spot in (self, *self.aliases):
            if not isinstance(spot.holder, tuple):
                spot.holder[spot.key] = new


def fits(array: Array, value: Any) -> bool:
    """Return whether a value can be written into an array without losing any of it."""
    return array.flags.writeable and array.shape == np.shape(value) and array.dtype == np.asarray(value).dtype


def spots_in(owner: Any) -> dict[str, Spot]:
    """Return where an object keeps arrays of floats, by the name that a person has for each; aliases count once."""
    found: dict[str, Spot] = {}
    known: dict[int, Spot] = {}
    for spot in walk(owner, "", 0, set()):
        array = spot.array
        if (first := known.get(id(array))) is not None and isinstance(array, np.ndarray):
            first.aliases.append(spot)
        elif spot.name not in found and len(found) < MOST_ARRAYS:
            found[spot.name] = known[id(array)] = spot
    return found


def walk(owner: Any, prefix: str, depth: int, seen: set[int]) -> Iterator[Spot]:
    """Yield the places on an object that hold floats: its attributes first, then what is further inside."""
    attributes = attribute_dict(owner)
    if attributes is None or id(owner) in seen or depth > DEEPEST:
        return
    seen.add(id(owner))
    items = list(attributes.items())
    yield from (Spot(f"{prefix}{name}", owner, "", attributes, name, depth) for name, it in items if is_float(it))
    for name, it in items:
        if plain_name(name) in NEIGHBOURS:
            continue
        if key := numbers_beside_grad(it):
            yield Spot(f"{prefix}{name}", it, "", named_parts(it), key, depth)
        elif isinstance(it, MutableMapping | MutableSequence | tuple):
            for spot in walk_container(owner, name, it, depth, seen):
                yield replace(spot, name=f"{prefix}{spot.name}")
        elif not isinstance(it, PLAIN):
            yield from walk(it, f"{prefix}{name}.", depth + 1, seen)


def walk_container(owner: Any, name: str, it: Any, depth: int, seen: set[int]) -> Iterator[Spot]:
    """Yield the places in a list or dictionary that is an object's attribute."""
    pairs = list(it.items()) if isinstance(it, MutableMapping) else list(enumerate(it))
    is_short = isinstance(it, MutableMapping) and plain_name(name) in PARAMETERS
    for key, part in pairs[:MOST_ARRAYS]:
        called = f"{key}" if is_short else f"{name}{'.' if isinstance(key, str) else ''}{key}"
        if is_float(part):
            yield Spot(called, owner, name, it, key, depth)
        elif key_of_numbers := numbers_beside_grad(part):
            yield Spot(called, part, "", named_parts(part), key_of_numbers, depth)
        elif not isinstance(part, PLAIN):
            yield from walk(part, f"{called}.", depth + 1, seen)


def attribute_dict(it: Any) -> MutableMapping[str, Any] | None:
    """Return an object's attributes, None where it keeps none by name."""
    found = getattr(it, "__dict__", None)
    return found if isinstance(found, dict) else None


def is_float(it: Any) -> bool:
    """Return whether something is an array of floats or a float."""
    return isinstance(it, float | np.floating) or (isinstance(it, np.ndarray) and it.dtype.kind == "f")


def numbers_beside_grad(it: Any) -> str:
    """Return under what a parameter that is an object, or a dictionary, has its numbers, with ``grad`` beside them.

    "" for what has no such.
    """
    parts = named_parts(it)
    if parts is None or "grad" not in parts:
        return ""
    return next((name for name in NUMBERS if is_float(parts.get(name))), "")


def named_parts(it: Any) -> MutableMapping[str, Any] | None:
    """Return what a dictionary has, or an object's attributes."""
    return it if isinstance(it, MutableMapping) else attribute_dict(it)


def plain_name(name: str) -> str:
    """Return a name in lower case, without underscores."""
    return name.lower().replace("_", "")
