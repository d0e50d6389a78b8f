"""``[nodes]``, entry by entry: which nodes there are to be, and what their outputs are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bptui.core.graph import UNNAMED
from bptui.core.text import visible
from bptui.errors import ScenarioError
from bptui.scenario.problems import Problems
from bptui.scenario.reading.definition import Definition
from bptui.scenario.reading.names import checked_name
from bptui.scenario.reading.table_keys import table
from bptui.scenario.reading.template import (
    FORMULA,
    Filled,
    TemplateError,
    assignments,
    fill,
    is_template,
    not_a_template,
    read_ranges,
)
from bptui.scenario.reading.value_forms import toml_kind
from bptui.scenario.toml import Document, Path

PLACEHOLDER = "_"
"""What stands for an output that nobody needs."""

SECTION = "nodes"


def read_definitions(document: Document, problems: Problems) -> list[Definition]:
    """Return the nodes that the document defines, in file order; a template makes one after the other."""
    definitions: list[Definition] = []
    for key, written in table(document, SECTION, problems).items():
        with problems.collecting():
            definitions += definitions_at(document, key, written)
    return definitions


def definitions_at(document: Document, key: str, written: object) -> list[Definition]:
    """Return the nodes that one entry defines. Raises ScenarioError."""
    path = (SECTION, key)
    if isinstance(written, dict) and (is_template(key) or FORMULA in written):
        return list(from_template(document, key, written))
    if is_template(key):
        raise not_a_template(document, path, key)
    return [Definition(names_of_outputs(document, path, key), written, path, path)]


def from_template(document: Document, key: str, written: Mapping[str, object]) -> Iterator[Definition]:
    """Yield the nodes that a template makes. Raises ScenarioError."""
    path: Path = (SECTION, key)
    ranges = read_ranges(document, path, written)
    template = written[FORMULA]
    if not isinstance(template, str):
        raise document.error(f"formula: got {toml_kind(template)}, wanted a formula in quotes", *path, FORMULA)
    for numbers in assignments(ranges):
        name = filled(document, path, key, numbers)
        formula = filled(document, (*path, FORMULA), template, numbers)
        outputs = names_of_outputs(document, path, name.text, name.origins)
        yield Definition(outputs, formula.text, path, (*path, FORMULA), formula.origins)


def names_of_outputs(document: Document, path: Path, key: str, origins: Sequence[int] | None = None) -> tuple[str, ...]:
    """Return the names of a node's outputs, as a key has them: ``h, c``. Those called ``_`` get one after the first.

    Raises ScenarioError for what is not a name, and where all are ``_``.
    """
    parts = key.split(",")
    if len(parts) == 1:
        return (checked_name(key, document.where_key(*path)),)
    names = []
    at = 0
    for part in parts:
        start = at + len(part) - len(part.lstrip())
        where = document.where_key_character(path, start if origins is None else origins[start])
        names.append(checked_name(part.strip(), where))
        at += len(part) + 1
    first = next((name for name in names if name != PLACEHOLDER), None)
    if first is None:
        raise document.key_error(f"{visible(key)}: none of these outputs has a name", *path, hint="name one of them")
    return tuple([f"{first}{UNNAMED}{at}" if name == PLACEHOLDER else name for at, name in enumerate(names, start=1)])


def filled(document: Document, path: Path, text: str, numbers: Mapping[str, int]) -> Filled:
    """Return a template's key, or its formula, for ``numbers``. Raises ScenarioError."""
    try:
        return fill(text, numbers)
    except TemplateError as error:
        is_key = path[-1] != FORMULA
        where = (document.where_key_character if is_key else document.where_character)(path, error.at)
        raise ScenarioError(error.message, hint=error.hint, where=where) from None
