"""Classes whose forward hands a cache on, as in courses that write their layers as static methods.

``forward(x, w)`` returns ``(out, cache)``, and ``backward(dout, cache)`` takes it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from bptui.guest.child.styles.function_pair import CACHE, PairHandle
from bptui.guest.child.styles.method_pair import METHODS, PassNames, init_of, is_static, method
from bptui.guest.child.styles.recipe import Recipe, needed_names
from bptui.guest.child.styles.returns import returns_tuples

STYLE = "class that hands a cache on"


def find_cached_methods(name: str, namespace: Mapping[str, Any]) -> Recipe | None:
    """Return the recipe of a class whose backward takes, after dout or before it, what its forward returns last."""
    cls = namespace[name]
    if not inspect.isclass(cls):
        return None
    for names in METHODS:
        forward, backward = method(cls, names.forward), method(cls, names.backward)
        if forward is not None and backward is not None:
            takes = needed_names(backward, skips=not is_static(cls, names.backward))
            is_handed_on = any(map(CACHE.search, takes)) and returns_tuples(forward)
            return cached_recipe(name, cls, names) if is_handed_on else None
    return None


def cached_recipe(name: str, cls: type, names: PassNames) -> Recipe:
    """Return how such a layer is made."""

    def make(*held: Any, **options: Any) -> PairHandle:
        made = cls(*held, **options)
        return PairHandle(getattr(made, names.forward), getattr(made, names.backward), owner=made)

    return Recipe(
        name,
        STYLE,
        cls,
        method(cls, names.forward),
        method(cls, names.backward),
        make,
        init_of(cls),
        forward_skips=not is_static(cls, names.forward),
        backward_skips=2 + (not is_static(cls, names.backward)),
    )
