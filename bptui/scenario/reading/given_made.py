"""``[parameters] "h.W" = ...``: the numbers that a parameter starts with which the layer of node ``h`` makes itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bptui.core.text import visible
from bptui.scenario.formula import normal_form
from bptui.scenario.problems import Problems, nearest
from bptui.scenario.reading.leaves import LeafReader
from bptui.scenario.reading.made_parameters import MadeParameters
from bptui.scenario.reading.names import is_name_of_made
from bptui.scenario.reading.table_keys import table
from bptui.scenario.toml import Document
from layers import Array


def read_given_made(reader: LeafReader, problems: Problems) -> dict[str, Array]:
    """Return by name the numbers that a scenario gives to what layers make themselves, in the order of the file."""
    values = {}
    for key, written in table(reader.document, "parameters", problems).items():
        if is_name_of_made(key):
            with problems.collecting():
                values[normal_form(key)] = reader.read(normal_form(key), ("parameters", key), written)
    return values


def with_given(
    made: MadeParameters, given: Mapping[str, Array], document: Document, problems: Problems
) -> MadeParameters:
    """Return what layers have made with the numbers that the scenario gives; what does not fit is a problem."""
    for name, value in given.items():
        with problems.collecting():
            check_given_made(name, value, made, document)
    return replace(made, values={name: given.get(name, value) for name, value in made.values.items()})


def check_given_made(name: str, value: Array, made: MadeParameters, document: Document) -> None:
    """Raise ScenarioError where no layer makes a parameter of that name, or makes one of another shape."""
    if name not in made.values:
        hint = nearest(name, made.values) or "a name with a dot is that of a node and what its own layer makes: h.W"
        raise document.key_error(f"no layer makes {visible(name)}", "parameters", name, hint=hint)
    wanted = made.values[name].shape
    if value.shape != wanted:
        told = f"{visible(name)} has the shape {list(value.shape)}, and its layer makes it in {list(wanted)}"
        raise document.key_error(told, "parameters", name)
