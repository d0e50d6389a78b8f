"""In the child: the styles in which layers are written, each recognised and called by one small adapter.

``recognise`` says what a name of the user's module is; to add a style, write its file and list it in ``STYLES``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bptui.guest.child.styles import (
    cached_methods,
    derivative,
    derivative_function,
    function_pair,
    loss_class,
    loss_function,
    method_pair,
    static_context,
    torch_function,
)
from bptui.guest.child.styles.method_pair import PassNames
from bptui.guest.child.styles.recipe import Misfit, Recipe

Find = Callable[[str, Mapping[str, Any]], "Recipe | None"]

STYLES: tuple[Find, ...] = (
    torch_function.find_torch_function,
    static_context.find_static_context,
    cached_methods.find_cached_methods,
    loss_class.find_loss_class,
    method_pair.find_method_pair,
    derivative.find_derivative,
    loss_function.find_loss_function,
    derivative_function.find_derivative_function,
)
"""What looks at one name each; the first that recognises it has it."""


def recognise_styles(
    namespace: Mapping[str, Any], named: Mapping[str, PassNames]
) -> Iterator[tuple[str, Recipe | Misfit]]:
    """Yield what each name that a module gives is, and the names that two of its functions give together.

    ``named`` has, by a base class's name, what that class and those made of it call their two passes.
    """
    pairs = function_pair.find_all(namespace)
    yield from ((name, it) for name, it in pairs.items() if not inspect.isclass(namespace.get(name)))
    recipes = [it for it in pairs.values() if isinstance(it, Recipe)]
    alone = {it.thing.__name__: it for it in pairs.values() if isinstance(it, Misfit)}
    forward = {it.forward.__name__: it for it in recipes}
    backward = {it.backward.__name__ for it in recipes}
    for name in namespace:
        if name.startswith("__") or (name in pairs and not inspect.isclass(namespace[name])):
            continue
        if name in forward:
            yield name, replace(forward[name], name=name)
        elif name in alone:
            yield name, alone[name]
        elif name in backward:
            yield name, Misfit(f"{name} is half of a pair", namespace[name], "a formula calls both by what they share")
        else:
            recipe = named_recipe(name, namespace, named) or recipe_of(name, namespace)
            yield name, recipe or misfit(name, namespace)


def named_recipe(name: str, namespace: Mapping[str, Any], named: Mapping[str, PassNames]) -> Recipe | None:
    """Return the recipe of a class for whose base the scenario names the methods."""
    cls = namespace[name]
    bases = method_pair.bases_of(cls) if inspect.isclass(cls) else set()
    chosen = next((names for base, names in named.items() if base in bases), None)
    return method_pair.method_pair_recipe(name, cls, chosen) if chosen else None


def recipe_of(name: str, namespace: Mapping[str, Any]) -> Recipe | None:
    """Return the recipe of a name, by the first style that recognises it."""
    return next((recipe for find in STYLES if (recipe := find(name, namespace))), None)


def misfit(name: str, namespace: Mapping[str, Any]) -> Misfit:
    """Return why a name is in none of the styles."""
    thing = namespace[name]
    if inspect.isclass(thing):
        return method_pair.missing_method(thing)
    if inspect.isroutine(thing):
        if (function := derivative_function.differentiated_function(name, namespace)) is not None:
            return Misfit(f"{name} is the derivative of {function}", thing, f"a formula calls {function}")
        words = f"{name} is a function without one for its backward"
        return Misfit(words, thing, f"def {name}_backward(dout, cache): ..., or return the gradient beside the loss")
    kind = type(thing).__name__
    return Misfit(f"{name} is {'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}, not a class or a function", thing)
