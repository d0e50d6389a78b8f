"""What a table of a scenario may hold: known keys, and values of the kind that each key wants."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from bptui.core.text import visible
from bptui.scenario.formula import LARGEST_INTEGER
from bptui.scenario.problems import Problems, nearest
from bptui.scenario.reading.value_forms import ValueFormError, from_lists, toml_kind
from bptui.scenario.toml import Document, Path
from layers import Array


def table(document: Document, name: str, problems: Problems) -> Mapping[str, Any]:
    """Return the top-level table ``name``, empty where there is none. Raises ScenarioError for what is not a table."""
    with problems.collecting():
        written = document.data.get(name, {})
        if isinstance(written, dict):
            return written
        raise document.key_error(f"{name}: got {toml_kind(written)}, wanted a table", name, hint=f"[{name}]")
    return {}


def check_keys(
    document: Document, path: Path, written: Mapping[str, Any], known: Collection[str], problems: Problems
) -> None:
    """Find all keys of a table that are not ``known``."""
    for key in written:
        with problems.collecting():
            refuse_unknown(document, (*path, key), known)


def refuse_unknown(document: Document, path: Path, known: Collection[str]) -> None:
    """Raise an error about the key that ``path`` ends with, unless it is ``known``."""
    key = str(path[-1])
    if key not in known:
        hint = nearest(key, known) or f"there are {', '.join(known)}"
        raise document.key_error(f"no key {visible(key)} here", *path, hint=hint)


def whole_number(document: Document, path: Path, written: object, *, least: int) -> int:
    """Return an integer from ``least`` to 2**63 - 1. Raises ScenarioError for anything else."""
    if type(written) is not int:
        raise document.error(f"{path[-1]}: got {toml_kind(written)}, wanted a whole number", *path)
    if not least <= written < 2**63:
        raise document.error(f"{path[-1]}: wanted a whole number from {least} to 2**63 - 1", *path)
    return written


def real_number(document: Document, path: Path, written: object) -> float:
    """Return a finite number as a float. Raises ScenarioError for anything else."""
    if not isinstance(written, int | float) or isinstance(written, bool):
        raise document.error(f"{path[-1]}: got {toml_kind(written)}, wanted a number", *path)
    if (isinstance(written, int) and abs(written) > LARGEST_INTEGER) or not math.isfinite(written):
        raise document.error(f"{path[-1]}: wanted a finite number, and an integer up to 2**53", *path)
    return float(written)


def numbers(
    document: Document, path: Path, written: object, dtype: np.dtype[Any], *, keep_integers: bool = False
) -> Array:
    """Return numbers written at ``path`` as an array; what is wrong is named with its index and place.

    Raises ScenarioError.
    """
    try:
        return from_lists(written, dtype, keep_integers=keep_integers)
    except ValueFormError as error:
        message = f"{visible(str(path[-1]))}{index_text(error.index)}: {error.message}"
        raise document.error(message, *path, *error.index, hint=error.hint) from None


def index_text(index: Collection[int]) -> str:
    """Return an index as it is written after a name: ``[1][0]``."""
    return "".join(f"[{place}]" for place in index)
