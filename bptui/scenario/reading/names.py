"""The names of a scenario: inputs, parameters and nodes share one name space, and each is defined in one place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from bptui.core.text import visible
from bptui.errors import Location, ScenarioError
from bptui.scenario.formula import WORDS, is_name, normal_form
from bptui.scenario.problems import Problems
from bptui.scenario.reading.definition import Definition
from bptui.scenario.reading.table_keys import table
from bptui.scenario.toml import Document

LONGEST_NAME = 200

SINGULAR = {"inputs": "an input", "parameters": "a parameter", "nodes": "a node"}

Places: TypeAlias = "dict[str, tuple[str, str]]"
"""For each name the table that defines it, and the key there."""


def read_names(document: Document, definitions: Iterable[Definition], problems: Problems) -> Places:
    """Return where each input and parameter, and each output that ``definitions`` name, is defined, in this order.

    A name that is defined twice is a problem.
    """
    places: Places = {}
    for section in ("inputs", "parameters"):
        for key in table(document, section, problems):
            if section == "parameters" and is_name_of_made(key):
                continue
            with problems.collecting():
                add_name(document, places, checked_name(key, document.where_key(section, key)), (section, key))
    for definition in definitions:
        for name in definition.named_outputs:
            with problems.collecting():
                add_name(document, places, name, (str(definition.key[0]), str(definition.key[1])))
    return places


def is_name_of_made(written: str) -> bool:
    """Return whether a key is the name of what a node's layer makes itself: ``h.W``."""
    parts = normal_form(written).split(".")
    return len(parts) > 1 and len(written) <= LONGEST_NAME and all(map(is_name, parts))


def checked_name(written: str, where: Location) -> str:
    """Return the name that is written at a place. Raises ScenarioError for what is not a name."""
    name = normal_form(written)
    if not is_name(name) or len(name) > LONGEST_NAME:
        raise ScenarioError(
            f"{visible(name, limit=40) or 'an empty text'} is not a name",
            hint=f"a name has letters, digits and _, no digit first, and at most {LONGEST_NAME} characters",
            where=where,
        )
    if name in WORDS:
        raise ScenarioError(f"{name} is a constant, not a name", where=where)
    return name


def add_name(document: Document, places: Places, name: str, path: tuple[str, str]) -> None:
    """Note where a name is defined. Raises ScenarioError where it is one already."""
    if name not in places:
        places[name] = path
        return
    section, _ = first = places[name]
    if first == path:
        message, hint = f"{visible(name)} is named twice here", "each output, and each node of a template, has its own"
    else:
        message = f"{visible(name)} is {SINGULAR[section]} already (line {document.where_key(*first).line})"
        hint = "inputs, parameters and nodes share one name space"
    raise document.key_error(message, *path, hint=hint)
