"""``[inputs]`` and ``[parameters]``: from what a scenario writes to read-only arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field, replace
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from bptui.core.text import visible
from bptui.deferred_dataclass import dataclass
from bptui.errors import ScenarioError
from bptui.scenario.formula import LARGEST_INTEGER
from bptui.scenario.problems import Problems
from bptui.scenario.reading.initializers import generator_for
from bptui.scenario.reading.names import Places
from bptui.scenario.reading.recipe import made_by
from bptui.scenario.reading.table_keys import numbers, refuse_unknown
from bptui.scenario.reading.value_forms import ValueFormError, as_read_only, floats_of, toml_kind
from bptui.scenario.reading.value_size import MOST_GIVEN_BYTES, check_given
from bptui.scenario.toml import Document, Path
from layers import Array

FILE_KEYS = ("file", "key", "rows", "dtype")
VALUE_KEYS = ("value", "dtype")

WHOLE = {"int64": np.dtype(np.int64), "bool": np.dtype(np.bool_)}
"""The dtypes that a value keeps, whatever uses it, where a table asks for it."""


@dataclass(frozen=True, eq=False, slots=True)
class LeafReader:
    """Reads the values of one scenario, in its dtype, from its seed and its folder; ``labels`` may stay integers.

    ``digests`` has those of the data files that were read, by the names that the scenario has for them.
    """

    document: Document
    dtype: np.dtype[Any]
    seed: int
    folder: FilePath
    labels: Collection[str]
    digests: dict[str, str] = field(default_factory=dict)

    @property
    def most_elements(self) -> int:
        """How many elements a value may have."""
        return MOST_GIVEN_BYTES // self.dtype.itemsize

    def read(self, name: str, path: Path, written: object) -> Array:
        """Return the value ``name`` that the document writes at ``path``. Raises ScenarioError."""
        if isinstance(written, dict):
            return self.from_table(name, path, written)
        return numbers(self.document, path, written, self.dtype, keep_integers=name in self.labels)

    def from_table(self, name: str, path: Path, table: Mapping[str, Any]) -> Array:
        """Return the array that a table is: a file's, a recipe's, or a value's with its dtype. Raises ScenarioError."""
        if "dtype" in table:
            self.check_dtype(path, table["dtype"])
        reader = replace(self, labels={*self.labels, name}) if "dtype" in table else self
        without = {key: it for key, it in table.items() if key != "dtype"}
        if "file" in table:
            array = reader.from_file(name, path, without)
        elif "value" in table and not table.keys() & {"shape", "init"}:
            array = reader.from_value(path, table)
        else:
            array = reader.from_recipe(name, path, without)
        return self.kept_whole(path, array, table["dtype"]) if "dtype" in table else array

    def check_dtype(self, path: Path, written: object) -> None:
        """Raise ScenarioError for a dtype that no value may keep."""
        if not isinstance(written, str) or written not in WHOLE:
            hint = "all other numbers are of the scenario's dtype"
            raise self.document.error(f"dtype: there are {' and '.join(WHOLE)}", *path, "dtype", hint=hint)
        if path[0] == "parameters":
            hint = f"{visible(str(path[1]))} belongs in [inputs]"
            raise self.document.error("dtype: whole numbers take no gradient", *path, "dtype", hint=hint)

    def from_value(self, path: Path, table: Mapping[str, Any]) -> Array:
        """Return the array that a table with ``value`` writes. Raises ScenarioError."""
        for key in table:
            refuse_unknown(self.document, (*path, key), VALUE_KEYS)
        written = table["value"]
        if table.get("dtype") == "bool":
            written = truth_as_numbers(written)
        return numbers(self.document, (*path, "value"), written, self.dtype, keep_integers="dtype" in table)

    def kept_whole(self, path: Path, array: Array, dtype: str) -> Array:
        """Return an array of whole numbers in the dtype that it keeps. Raises ScenarioError for other numbers."""
        whole = array.astype(WHOLE[dtype])
        if not np.array_equal(whole, array):
            kind = "truth values, 0 and 1" if dtype == "bool" else "whole numbers"
            raise self.document.error(f"{dtype}: there are other numbers than {kind} in it", *path)
        return as_read_only(whole)

    def from_recipe(self, name: str, path: Path, recipe: Mapping[str, Any]) -> Array:
        """Return the array that a table with ``shape`` and ``init`` describes."""
        array = made_by(
            self.document,
            path,
            recipe,
            lambda own: generator_for(name, self.seed, own_seed=own),
            most=self.most_elements,
        )
        if array.dtype.kind == "i" and name in self.labels:
            return as_read_only(array)
        return self.fitting(path, array)

    def fitting(self, path: Path, array: Array) -> Array:
        """Return ``array`` in the scenario's dtype.

        Raises ScenarioError for a number that only a larger dtype holds.
        """
        try:
            return as_read_only(floats_of(array.ravel(), self.dtype, array.shape))
        except ValueFormError as error:
            raise self.document.error(error.message, *path) from None

    def from_file(self, name: str, path: Path, table: Mapping[str, Any]) -> Array:
        """Return the array that a table with ``file`` names. Raises ScenarioError for a file that cannot be read."""
        for key in table:
            refuse_unknown(self.document, (*path, key), FILE_KEYS)
        for key in ("file", "key"):
            if not isinstance(table.get(key, ""), str) and not (key == "key" and are_names(table[key])):
                raise self.document.error(f"{key}: got {toml_kind(table[key])}, wanted a name in quotes", *path, key)
        from bptui.scenario.data_files import data_digest, read_array  # noqa: PLC0415  (few scenarios name files; the others start sooner)

        try:
            rows = self.rows(path, table)
            array = read_array(table["file"], self.folder, key=table.get("key"), rows=rows, most=self.most_elements)
            if table["file"] not in self.digests:
                self.digests[table["file"]] = data_digest(table["file"], self.folder)
        except ScenarioError as error:
            if error.where is not None:
                raise
            raise self.document.error(error.message, *path, "file", hint=error.hint) from None
        if array.dtype.kind in "iu":
            return self.from_integers(name, path, array)
        return self.fitting(path, array)

    def from_integers(self, name: str, path: Path, array: Array) -> Array:
        """Return integers as they are where they are labels, and otherwise in the scenario's dtype.

        Raises ScenarioError for one beyond 2**53.
        """
        if array.size and max(-int(array.min()), int(array.max())) > LARGEST_INTEGER:
            raise self.document.error(
                "an integer beyond 2**53 in it, up to which every integer is exact", *path, "file"
            )
        if name in self.labels:
            return as_read_only(array.astype(np.int64))
        return self.fitting(path, array)

    def rows(self, path: Path, table: Mapping[str, Any]) -> tuple[int, int] | None:
        """Return the part of a file's array that is asked for, None for all of it.

        Raises ScenarioError for anything but two whole numbers.
        """
        match table.get("rows"):
            case None:
                return None
            case [int(start), int(stop)] if type(start) is type(stop) is int:
                return start, stop
        raise self.document.error("rows: wanted the first row and the one after the last", *path, "rows", hint="[0, 4]")


def read_leaves(reader: LeafReader, places: Places, problems: Problems) -> dict[str, Array]:
    """Return the arrays of all inputs and parameters that can be read, up to where they take too much memory."""
    values: dict[str, Array] = {}
    used = 0
    for name, (section, key) in places.items():
        if section != "nodes":
            with problems.collecting():
                values[name] = reader.read(name, (section, key), reader.document.data[section][key])
                used += values[name].nbytes
                check_given(name, used, reader.document.where_key(section, key))
        if used > MOST_GIVEN_BYTES:
            break
    return values


def truth_as_numbers(written: object) -> object:
    """Return nested lists with 1 and 0 for true and false."""
    if isinstance(written, list):
        return [truth_as_numbers(it) for it in written]
    return int(written) if isinstance(written, bool) else written


def are_names(written: object) -> bool:
    """Return whether ``written`` is a list of names in quotes, with one at least."""
    return isinstance(written, list) and bool(written) and all(isinstance(name, str) for name in written)
