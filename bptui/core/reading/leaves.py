"""``[inputs]`` and ``[parameters]``: from what a scenario writes to read-only arrays."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from bptui.core.datafile import read_array
from bptui.core.formula import LARGEST_INTEGER
from bptui.core.problems import Problems, nearest
from bptui.core.reading.initializers import MOST_ELEMENTS, Initializer, generator_for, initializers
from bptui.core.reading.names import Places
from bptui.core.reading.tables import numbers, real_number, refuse_unknown, whole_number
from bptui.core.reading.values import ValueFormError, as_floats, kind_of, read_only
from bptui.core.text import visible
from bptui.core.toml import Document, Path
from bptui.errors import ScenarioError
from layers import Array

RECIPE_KEYS = ("shape", "init", "seed", "value", "mean", "std", "low", "high", "start", "step")
FILE_KEYS = ("file", "key", "rows")
MOST_AXES = 32


@dataclass(frozen=True, eq=False, slots=True)
class LeafReader:
    """Reads the values of one scenario, in its dtype, from its seed and its folder; ``labels`` may stay integers."""

    document: Document
    dtype: np.dtype[Any]
    seed: int
    folder: FilePath
    labels: Collection[str]

    def read(self, name: str, path: Path, written: object) -> Array:
        """Return the value ``name`` that the document writes at ``path``. Raises ScenarioError."""
        if isinstance(written, dict):
            return self.from_file(name, path, written) if "file" in written else self.from_recipe(name, path, written)
        return numbers(self.document, path, written, self.dtype, keep_integers=name in self.labels)

    def from_recipe(self, name: str, path: Path, recipe: Mapping[str, Any]) -> Array:
        """Return the array that a table with ``shape`` and ``init`` describes."""
        for key in recipe:
            refuse_unknown(self.document, (*path, key), RECIPE_KEYS)
        for key in ("shape", "init"):
            if key not in recipe:
                raise self.document.key_error(
                    f"{visible(name)} has no {key}", *path, hint='a recipe is { shape = [2, 3], init = "he" }'
                )
        shape = self.shape(path, recipe["shape"])
        made = self.initializer(path, recipe["init"])
        options = self.options(path, recipe, made)
        own_seed = self.own_seed(path, recipe, made)
        generator = generator_for(name, scenario_seed=self.seed, own_seed=own_seed)
        try:
            with np.errstate(all="ignore"):
                array = np.asarray(made.make(shape, generator, **options))
        except (ValueError, OverflowError, MemoryError) as error:
            raise self.document.error(f"{recipe['init']}: {error}", *path) from None
        if array.dtype.kind == "i" and name in self.labels:
            return read_only(array)
        return self.fitting(path, array)

    def fitting(self, path: Path, array: Array) -> Array:
        """Return ``array`` in the scenario's dtype."""
        try:
            return read_only(as_floats(array.ravel(), self.dtype, array.shape))
        except ValueFormError as error:
            raise self.document.error(error.message, *path) from None

    def shape(self, path: Path, written: object) -> tuple[int, ...]:
        """Return a recipe's shape."""
        place = (*path, "shape")
        if type(written) is not list or not all(type(size) is int for size in written):
            raise self.document.error(
                f"shape: got {kind_of(written)}, wanted a list of whole numbers", *place, hint="shape = [2, 3]"
            )
        if any(size < 0 for size in written) or len(written) > MOST_AXES:
            raise self.document.error(f"shape: at most {MOST_AXES} axes, of 0 elements or more each", *place)
        if math.prod(size for size in written if size) > MOST_ELEMENTS:
            raise self.document.error(f"shape: more than {MOST_ELEMENTS:,} elements", *place)
        return tuple(written)

    def initializer(self, path: Path, written: object) -> Initializer:
        """Return the recipe that ``init`` names."""
        place = (*path, "init")
        if not isinstance(written, str):
            raise self.document.error(f"init: got {kind_of(written)}, wanted a name in quotes", *place)
        if written not in initializers:
            raise self.document.error(
                f"no init is called {visible(written)}",
                *place,
                hint=nearest(written, initializers) or f"there are {', '.join(initializers)}",
            )
        return initializers[written]

    def options(self, path: Path, recipe: Mapping[str, Any], made: Initializer) -> dict[str, float]:
        """Return what the recipe's ``make`` takes."""
        init = recipe["init"]
        chosen = {}
        for key in recipe.keys() - {"shape", "init", "seed"} - made.options.keys():
            takes = f"it takes {', '.join(made.options)}" if made.options else "it takes none"
            raise self.document.key_error(f"{init} has no option {key}", *path, key, hint=takes)
        for key, default in made.options.items():
            value = recipe.get(key, default)
            if value is None:
                raise self.document.key_error(f"{init} needs {key}", *path, hint=f"{key} = 1.0")
            if key in recipe and (made.is_random or type(value) is not float):
                real_number(self.document, (*path, key), value)
            chosen[key] = value
        if not chosen.get("std", 0.0) >= 0:
            raise self.document.error("std: a standard deviation is not negative", *path, "std")
        return chosen

    def own_seed(self, path: Path, recipe: Mapping[str, Any], made: Initializer) -> int | None:
        """Return the recipe's own seed, if it has one."""
        if "seed" not in recipe:
            return None
        if not made.is_random:
            raise self.document.key_error(f"{recipe['init']} draws nothing: a seed means nothing here", *path, "seed")
        return whole_number(self.document, (*path, "seed"), recipe["seed"], least=0)

    def from_file(self, name: str, path: Path, table: Mapping[str, Any]) -> Array:
        """Return the array that a table with ``file`` names."""
        for key in table:
            refuse_unknown(self.document, (*path, key), FILE_KEYS)
        for key in ("file", "key"):
            if not isinstance(table.get(key, ""), str):
                raise self.document.error(f"{key}: got {kind_of(table[key])}, wanted a name in quotes", *path, key)
        try:
            array = read_array(table["file"], self.folder, key=table.get("key"), rows=self.rows(path, table))
        except ScenarioError as error:
            if error.where is not None:
                raise
            raise self.document.error(error.message, *path, "file", hint=error.hint) from None
        if array.dtype.kind in "iu":
            return self.from_integers(name, path, array)
        return self.fitting(path, array)

    def from_integers(self, name: str, path: Path, array: Array) -> Array:
        """Return integers as they are where they are labels, and otherwise in the scenario's dtype."""
        if array.size and max(-int(array.min()), int(array.max())) > LARGEST_INTEGER:
            raise self.document.error(
                "an integer beyond 2**53 in it, up to which every integer is exact", *path, "file"
            )
        if name in self.labels:
            return read_only(array.astype(np.int64))
        return self.fitting(path, array)

    def rows(self, path: Path, table: Mapping[str, Any]) -> tuple[int, int] | None:
        """Return the part of a file's array that is asked for, None for all of it."""
        match table.get("rows"):
            case None:
                return None
            case [int(start), int(stop)] if type(start) is type(stop) is int:
                return start, stop
        raise self.document.error("rows: wanted the first row and the one after the last", *path, "rows", hint="[0, 4]")


def read_leaves(reader: LeafReader, places: Places, problems: Problems) -> dict[str, Array]:
    """Return the arrays of all inputs and parameters that can be read."""
    values = {}
    for name, (section, key) in places.items():
        if section != "nodes":
            with problems.collecting():
                values[name] = reader.read(name, (section, key), reader.document.data[section][key])
    return values
