"""A pair of functions: the first returns its value, or several, and a cache; the second takes dout and that cache."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from bptui.guest.child.styles.recipe import Handle, Misfit, Options, Recipe, UserCall, positional_names
from bptui.guest.child.styles.returns import returned_names

STYLE = "pair of functions"

WORDS = (("forward", "backward"), ("fwd", "bwd"))
"""What tells two functions apart whose names are alike otherwise."""


class PairHandle(Handle):
    """Two functions, and the cache that the first has handed on to the second."""

    def __init__(self, forward: Any, backward: Any) -> None:
        self.functions = forward, backward
        self.object = SimpleNamespace(cache=None)

    def forward_call(self, inputs: Sequence[Any], options: Options) -> UserCall:
        return UserCall(self.functions[0], inputs, options)

    def backward_call(self, douts: Sequence[Any], more: Options) -> UserCall:
        return UserCall(self.functions[1], (*douts, self.object.cache), more)

    def value(self, returned: Any) -> Any:
        if not isinstance(returned, tuple) or len(returned) < 2:
            raise TypeError(f"{self.functions[0].__name__} has to return its value and a cache")
        *values, self.object.cache = returned
        return values[0] if len(values) == 1 else tuple(values)


def find_all(namespace: Mapping[str, Any]) -> dict[str, Recipe | Misfit]:
    """Return the recipes of all pairs of functions, by the names that formulas have for them."""
    functions = {name: it for name, it in namespace.items() if inspect.isfunction(it)}
    found: dict[str, Recipe | Misfit] = {}
    for name, function in functions.items():
        for word, opposite in WORDS:
            if word in name and (stem := shared_name(name, word)):
                found[stem] = pair_of(stem, function, name.replace(word, opposite), functions)
        if (other := functions.get(f"{name}_backward")) is not None:
            found.setdefault(name, function_pair_recipe(name, function, other))
    return found


def shared_name(name: str, word: str) -> str:
    """Return what two functions share of their names: ``conv_naive`` of ``conv_forward_naive``."""
    return name.replace(word, "").replace("__", "_").strip("_")


def pair_of(name: str, forward: Any, opposite: str, functions: Mapping[str, Any]) -> Recipe | Misfit:
    """Return the recipe of a function and its ``opposite``, or that there is none."""
    if opposite in functions:
        return function_pair_recipe(name, forward, functions[opposite])
    return Misfit(f"{forward.__name__} has no {opposite} beside it", forward, f"def {opposite}(dout, cache): ...")


def function_pair_recipe(name: str, forward: Any, backward: Any) -> Recipe:
    """Return how such a layer is made."""
    make = lambda: PairHandle(forward, backward)  # noqa: E731  (it is what the recipe keeps)
    taken = taken_values(forward, backward)
    return Recipe(name, STYLE, forward, forward, backward, make, forward_skips=0, backward_skips=2, taken=taken)


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
