"""A recipe as a scenario writes it, ``{ shape = [2, 3], init = "he", seed = 1 }``, and the array that it makes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bptui.core.text import visible
from bptui.errors import reason_of
from bptui.scenario.problems import nearest
from bptui.scenario.reading.initializers import MOST_ELEMENTS, Generator, Initializer, initializers
from bptui.scenario.reading.table_keys import real_number, refuse_unknown, whole_number
from bptui.scenario.reading.value_forms import toml_kind
from bptui.scenario.toml import Document, Path
from layers import Array

KEYS = ("shape", "init", "seed", "value", "mean", "std", "low", "high", "start", "step")
MOST_AXES = 32


def made_by(
    document: Document,
    path: Path,
    recipe: Mapping[str, Any],
    generator_for: Callable[[int | None], Generator],
    *,
    most: int,
) -> Array:
    """Return what a recipe makes, given the generator for its own seed, or for None.

    Raises ScenarioError, before anything is made, where that has more than ``most`` elements.
    """
    for key in recipe:
        refuse_unknown(document, (*path, key), KEYS)
    for key in ("shape", "init"):
        if key not in recipe:
            hint = 'a recipe is { shape = [2, 3], init = "he" }'
            raise document.key_error(f"{visible(str(path[-1]))} has no {key}", *path, hint=hint)
    shape = read_shape(document, path, recipe["shape"])
    if math.prod(shape) > most:
        told = f"{math.prod(shape):,} elements, more than the {most:,} that inputs and parameters may have"
        raise document.error(told, *path, "shape")
    made = read_initializer(document, path, recipe["init"])
    options = read_options(document, path, recipe, made)
    generator = generator_for(recipe_seed(document, path, recipe, made))
    try:
        with np.errstate(all="ignore"):
            return np.asarray(made.make(shape, generator, **options))
    except (ValueError, OverflowError, MemoryError) as error:
        raise document.error(f"{recipe['init']}: {reason_of(error)}", *path) from None


def read_shape(document: Document, path: Path, written: object) -> tuple[int, ...]:
    """Return a recipe's shape. Raises ScenarioError for what is not a shape, or too large."""
    place = (*path, "shape")
    if type(written) is not list or not all(type(size) is int for size in written):
        raise document.error(
            f"shape: got {toml_kind(written)}, wanted a list of whole numbers", *place, hint="shape = [2, 3]"
        )
    if any(size < 0 for size in written) or len(written) > MOST_AXES:
        raise document.error(f"shape: at most {MOST_AXES} axes, of 0 elements or more each", *place)
    if math.prod(size for size in written if size) > MOST_ELEMENTS:
        raise document.error(f"shape: more than {MOST_ELEMENTS:,} elements", *place)
    return tuple(written)


def read_initializer(document: Document, path: Path, written: object) -> Initializer:
    """Return the recipe that ``init`` names. Raises ScenarioError where there is none of that name."""
    place = (*path, "init")
    if not isinstance(written, str):
        raise document.error(f"init: got {toml_kind(written)}, wanted a name in quotes", *place)
    if written not in initializers:
        raise document.error(
            f"no init is called {visible(written)}",
            *place,
            hint=nearest(written, initializers) or f"there are {', '.join(initializers)}",
        )
    return initializers[written]


def read_options(document: Document, path: Path, recipe: Mapping[str, Any], made: Initializer) -> dict[str, float]:
    """Return what the recipe's ``make`` takes. Raises ScenarioError for an option that it does not take."""
    init = recipe["init"]
    chosen = {}
    for key in recipe:
        if key not in {"shape", "init", "seed", *made.options}:
            takes = f"it takes {', '.join(made.options)}" if made.options else "it takes none"
            raise document.key_error(f"{init} has no option {key}", *path, key, hint=takes)
    for key, default in made.options.items():
        value = recipe.get(key, default)
        if value is None:
            raise document.key_error(f"{init} needs {key}", *path, hint=f"{key} = 1.0")
        if key in recipe and (made.is_random or type(value) is not float):
            real_number(document, (*path, key), value)
        chosen[key] = value
    if not chosen.get("std", 0.0) >= 0:
        raise document.error("std: a standard deviation is not negative", *path, "std")
    return chosen


def recipe_seed(document: Document, path: Path, recipe: Mapping[str, Any], made: Initializer) -> int | None:
    """Return the recipe's own seed, if it has one. Raises ScenarioError where nothing is drawn."""
    if "seed" not in recipe:
        return None
    if not made.is_random:
        raise document.key_error(f"{recipe['init']} draws nothing: a seed means nothing here", *path, "seed")
    return whole_number(document, (*path, "seed"), recipe["seed"], least=0)
