"""A pair of functions: the first returns its value, or several, and a cache; the second takes dout and that cache."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from bptui.guest.child.styles.recipe import Handle, Misfit, Options, Recipe, UserCall, needed_names, positional_names
from bptui.guest.child.styles.returns import returned_names, returns_tuples

STYLE = "pair of functions"
STYLES = (f"{STYLE} without a cache", STYLE, f"{STYLE} with several caches")

WORDS = (("forward", "backward"), ("Forward", "Backward"), ("fprop", "bprop"), ("fwd", "bwd"))
"""What tells two functions apart whose names are alike otherwise."""

SUFFIXES = ("_backward", "_backprop", "_bwd")
"""What the second of two is called after the first."""

CACHE = re.compile(r"cache|memory|saved", re.IGNORECASE)
"""In the name of the parameter of a backward that takes what forward has handed on."""


class PairHandle(Handle):
    """Two functions, and what the first has handed on to the second: so many ``caches``, after dout or before it.

    They may be methods of an ``owner``, too.
    """

    def __init__(self, forward: Any, backward: Any, *, caches: int = 1, owner: Any = None) -> None:
        self.functions = forward, backward
        self.caches = caches
        self.handed = SimpleNamespace(cache=None)
        self.object = self.handed if owner is None else owner

    def forward_call(self, inputs: Sequence[Any], options: Options) -> UserCall:
        return UserCall(self.functions[0], inputs, options)

    def backward_call(self, douts: Sequence[Any], more: Options) -> UserCall:
        function = self.functions[1]
        handed = self.handed.cache if self.caches > 1 else (self.handed.cache,) if self.caches else ()
        arguments = (*handed, *douts) if takes_cache_first(function) else (*douts, *handed)
        return UserCall(function, arguments, more)

    def value(self, returned: Any) -> Any:
        if not self.caches:
            return returned
        if not isinstance(returned, tuple) or len(returned) <= self.caches:
            raise TypeError(f"{self.functions[0].__name__} has to return its value and a cache")
        values, handed = returned[: -self.caches], returned[-self.caches :]
        self.handed.cache = handed if self.caches > 1 else handed[0]
        return values[0] if len(values) == 1 else values


def takes_cache_first(backward: Any) -> bool:
    """Return whether a backward takes the cache before dout, by the names of its parameters."""
    first, *others = positional_names(backward) or ("",)
    return bool(others) and CACHE.search(first) is not None and CACHE.search(others[0]) is None


def find_all(namespace: Mapping[str, Any]) -> dict[str, Recipe | Misfit]:
    """Return the recipes of all pairs of functions, by the names that formulas have for them."""
    functions = {name: it for name, it in namespace.items() if inspect.isfunction(it)}
    found: dict[str, Recipe | Misfit] = {}
    for name, function in functions.items():
        for word, opposite in WORDS:
            if word in name:
                stem = shared_name(name, word) or name
                found[stem] = pair_of(stem, function, name.replace(word, opposite), functions)
        for suffix in SUFFIXES:
            if (other := functions.get(f"{name}{suffix}")) is not None:
                found.setdefault(name, function_pair_recipe(name, function, other))
    return found


def shared_name(name: str, word: str) -> str:
    """Return what two functions share of their names: ``conv_naive`` of ``conv_forward_naive``."""
    parts = re.sub(rf"{word}((_pass|_prop(agation|agate)?)(?=_|$))?", "", name), name.replace(word, "")
    return next((it for it in (part.replace("__", "_").strip("_") for part in parts) if it), "")


def pair_of(name: str, forward: Any, opposite: str, functions: Mapping[str, Any]) -> Recipe | Misfit:
    """Return the recipe of a function and its ``opposite``, or that there is none."""
    if opposite in functions:
        return function_pair_recipe(name, forward, functions[opposite])
    return Misfit(f"{forward.__name__} has no {opposite} beside it", forward, f"def {opposite}(dout, cache): ...")


def function_pair_recipe(name: str, forward: Any, backward: Any) -> Recipe:
    """Return how such a layer is made."""
    caches = cache_count(forward, backward)
    make = lambda: PairHandle(forward, backward, caches=caches)  # noqa: E731  (it is what the recipe keeps)
    taken = taken_values(forward, backward) if caches == 1 else ()
    style = f"{STYLE}, cache first" if takes_cache_first(backward) else STYLES[min(caches, 2)]
    return Recipe(
        name, style, forward, forward, backward, make, forward_skips=0, backward_skips=1 + caches, taken=taken
    )


def cache_count(forward: Any, backward: Any) -> int:
    """Return how many caches go from one function to the other; none where backward takes forward's inputs again.

    Names tell: after ``return out, x, w``, ``backward(dout, x, w)`` takes two.
    """
    again = needed_names(backward, skips=1)
    handed = returned_names(forward)[1:]
    if len(again) > 1 and again == handed:
        return len(again)
    takes_inputs = again and set(again) <= set(positional_names(forward))
    return 0 if takes_inputs and not returns_tuples(forward) else 1


def taken_values(forward: Any, backward: Any) -> tuple[int, ...]:
    """Return the places of those values whose gradients backward takes, where it takes some and not all.

    Names tell: after ``return a_next, y, cache``, of ``backward(da_next, cache)`` the first parameter is a_next's.
    """
    values = returned_names(forward)[:-1]
    places = []
    for name in positional_names(backward):
        own = name.removeprefix("d").removeprefix("_")
        if name == own or own not in values:
            break
        places.append(values.index(own))
    return tuple(places) if len(places) < len(values) else ()
