"""The names of a scenario: inputs, parameters and nodes share one name space, and each is defined in one place."""

from __future__ import annotations

from typing import TypeAlias

from bptui.core.text import visible
from bptui.errors import ScenarioError
from bptui.scenario.formula import WORDS, is_name, normal_form
from bptui.scenario.problems import Problems
from bptui.scenario.reading.table_keys import table
from bptui.scenario.toml import Document

LONGEST_NAME = 200

SINGULAR = {"inputs": "an input", "parameters": "a parameter", "nodes": "a node"}

Places: TypeAlias = "dict[str, tuple[str, str]]"
"""For each name the table that defines it, and the key there."""


def read_names(document: Document, problems: Problems) -> Places:
    """Return where each input, parameter and node is defined, in file order table by table.

    Raises ScenarioError for a name that is defined twice.
    """
    places: Places = {}
    for section in SINGULAR:
        for key in table(document, section, problems):
            with problems.collecting():
                name = checked_name(document, section, key)
                if name in places:
                    raise twice(document, section, key, places[name])
                places[name] = (section, key)
    return places


def checked_name(document: Document, section: str, key: str) -> str:
    """Return the name that ``key`` spells. Raises ScenarioError for what is not a name."""
    name = normal_form(key)
    if not is_name(name) or len(name) > LONGEST_NAME:
        raise document.key_error(
            f"{visible(name, limit=40) or 'an empty text'} is not a name",
            section,
            key,
            hint=f"a name has letters, digits and _, no digit first, and at most {LONGEST_NAME} characters",
        )
    if name in WORDS:
        raise document.key_error(f"{name} is a constant, not a name", section, key)
    return name


def twice(document: Document, section: str, key: str, first: tuple[str, str]) -> ScenarioError:
    """Return the error about a name for two things."""
    line = document.where_key(*first).line
    message = f"{visible(key)} is {SINGULAR[first[0]]} already (line {line})"
    return document.key_error(message, section, key, hint="inputs, parameters and nodes share one name space")
