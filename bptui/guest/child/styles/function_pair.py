"""A pair of functions: the first returns its value and a cache, the second takes dout and that cache."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from bptui.guest.child.styles.recipe import Call, Handle, Misfit, Options, Recipe

STYLE = "pair of functions"

SPELLINGS = (("{}_forward", "{}_backward"), ("forward_{}", "backward_{}"), ("{}_fwd", "{}_bwd"), ("{}", "{}_backward"))
"""What a layer's two functions are called."""


class PairHandle(Handle):
    """Two functions, and the cache that the first has handed on to the second."""

    def __init__(self, forward: Any, backward: Any) -> None:
        self.functions = forward, backward
        self.object = SimpleNamespace(cache=None)

    def forward_call(self, inputs: Sequence[Any], options: Options) -> Call:
        return Call(self.functions[0], inputs, options)

    def backward_call(self, dout: Any, more: Options) -> Call:
        return Call(self.functions[1], (dout, self.object.cache), more)

    def value(self, returned: Any) -> Any:
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise TypeError(f"{self.functions[0].__name__} has to return its value and a cache")
        value, self.object.cache = returned
        return value


def find_all(namespace: Mapping[str, Any]) -> dict[str, Recipe | Misfit]:
    """Return the recipes of all pairs of functions, by the names that formulas have for them."""
    functions = {name: it for name, it in namespace.items() if inspect.isfunction(it)}
    found: dict[str, Recipe | Misfit] = {}
    for forward, backward in SPELLINGS:
        before, after = forward.split("{}")
        for name, function in functions.items():
            stem = name.removeprefix(before).removesuffix(after)
            if name != forward.format(stem) or not stem or stem in found or stem.endswith("_backward"):
                continue
            if (other := functions.get(backward.format(stem))) is not None:
                found[stem] = recipe(stem, function, other)
            elif before or after:
                words = f"{name} has no {backward.format(stem)} beside it"
                found[stem] = Misfit(words, function, f"def {backward.format(stem)}(dout, cache): ...")
    return found


def recipe(name: str, forward: Any, backward: Any) -> Recipe:
    """Return how such a layer is made."""
    make = lambda: PairHandle(forward, backward)  # noqa: E731  (it is what the recipe keeps)
    return Recipe(name, STYLE, forward, forward, backward, make, forward_skips=0, backward_skips=2)
