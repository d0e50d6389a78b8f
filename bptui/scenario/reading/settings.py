"""What a scenario says at its top, before any table: its title, its dtype, its seed, its layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from bptui.core.text import visible
from bptui.deferred_dataclass import dataclass
from bptui.scenario.problems import Problems, nearest
from bptui.scenario.reading.table_keys import check_keys, whole_number
from bptui.scenario.reading.value_forms import toml_kind
from bptui.scenario.toml import Document

KEYS = (
    "title",
    "about",
    "dtype",
    "seed",
    "layers",
    "styles",
    "bptui",
    "inputs",
    "parameters",
    "nodes",
    "run",
    "train",
    "expect",
    "breakpoints",
    "notes",
    "predict",
    "points",
)
DTYPES = ("float64", "float32")
FLOAT64: np.dtype[Any] = np.dtype(np.float64)
FORMAT = 1
"""The version of the file format, which a scenario may state: ``bptui = 1``."""


@dataclass(frozen=True, eq=False, slots=True)
class Settings:
    """The top of a scenario."""

    title: str
    about: str = ""
    dtype: np.dtype[Any] = FLOAT64
    seed: int = 0


def read_settings(document: Document, default_title: str, problems: Problems) -> Settings:
    """Return the settings, the default standing in for each that is wrong."""
    with problems.collecting():
        check_format(document)
    check_keys(document, (), document.data, KEYS, problems)
    settings: dict[str, Any] = {"title": default_title}
    for key, read in (("title", read_string), ("about", read_string), ("dtype", read_dtype), ("seed", read_seed)):
        if key in document.data:
            with problems.collecting():
                settings[key] = read(document, key)
    return Settings(**settings)


def check_format(document: Document) -> None:
    """Refuse a scenario in a format that is not known yet. Raises ScenarioError."""
    if "bptui" in document.data and whole_number(document, ("bptui",), document.data["bptui"], least=1) > FORMAT:
        raise document.error("made by a newer bptui", "bptui", hint=f"this one reads format {FORMAT}")


def read_string(document: Document, key: str) -> str:
    """Return the text at ``key``. Raises ScenarioError for anything else."""
    written = document.data[key]
    if not isinstance(written, str):
        raise document.error(f"{key}: got {toml_kind(written)}, wanted text in quotes", key)
    return written


def read_dtype(document: Document, key: str) -> np.dtype[Any]:
    """Return the dtype of every value that is not a label.

    Raises ScenarioError for another than float64 and float32.
    """
    name = read_string(document, key)
    if name not in DTYPES:
        hint = nearest(name, DTYPES) or f"there are {' and '.join(DTYPES)}"
        raise document.error(f"no dtype {visible(name)} here", key, hint=hint)
    return np.dtype(name)


def read_seed(document: Document, key: str) -> int:
    """Return the number that all random draws come from."""
    return whole_number(document, (key,), document.data[key], least=0)
