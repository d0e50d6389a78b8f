"""The header of a transcript, read back: the graph that was run and its leaves' values, and nothing that could run."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bptui.core import text
from bptui.core.graph import Graph, Node
from bptui.errors import TranscriptError
from bptui.recording.array_record import decode_array
from bptui.recording.json_line import FORMAT, Record, member
from bptui.scenario.formula import is_name
from layers import Array

MOST_ITERATIONS = 10**9


@dataclass(frozen=True, eq=False, slots=True)
class Header:
    """What the first record of a transcript says of the run. ``train`` is None where nothing was trained."""

    title: str
    about: str
    source: str
    dtype: str
    seed: int
    graph: Graph
    values: Mapping[str, Array]
    versions: Mapping[str, str]
    train: Mapping[str, Any] | None
    own_layers: tuple[str, ...] = ()

    @property
    def iterations(self) -> int:
        """How many iterations the whole run has."""
        return self.train["steps"] if self.train else 1


def read_header(record: Record) -> Header:
    """Return the header that a record is. Raises TranscriptError."""
    if record.get("kind") != "header":
        raise TranscriptError("the first record is not a header: this is not a transcript, or its beginning is lost")
    if (version := member(record, "bptui", int)) > FORMAT:
        raise TranscriptError(f"made by a newer bptui, in format {version}; this one reads up to {FORMAT}")
    values = member(record, "values", dict)
    record = read_source(record) | record
    return Header(
        title=member(record, "title", str),
        about=record.get("about", "") and member(record, "about", str),
        source=member(record, "source", str),
        dtype=member(record, "dtype", str),
        seed=member(record, "seed", int),
        graph=read_graph(record, values),
        values={name: decode_array(array) for name, array in values.items()},
        versions={name: str(version) for name, version in member(record, "versions", dict).items()},
        train=read_train(record),
        own_layers=names_of(record, "own_layers") if "own_layers" in record else (),
    )


def read_source(record: Record) -> Record:
    """Return what the scenario's own text says of the leaves and the training.

    It serves for a header that another program wrote, with no more in it than the format demands.
    """
    try:
        scenario = tomllib.loads(member(record, "source", str))
    except (tomllib.TOMLDecodeError, RecursionError):
        scenario = {}
    leaves = [name for name in member(record, "values", dict) if is_name(name)]
    parameters = [name for name in leaves if name in as_table(scenario.get("parameters"))]
    train = as_table(scenario.get("train"))
    return {
        "inputs": [name for name in leaves if name not in parameters],
        "parameters": parameters,
        "train": {"steps": train.get("steps", 1)} if train else None,
    }


def as_table(part: object) -> Mapping[str, Any]:
    """Return a part of a TOML document, empty where it is not a table."""
    return part if isinstance(part, dict) else {}


def read_graph(record: Record, values: Iterable[str]) -> Graph:
    """Return the graph, whose nodes must stand in an order that they can be computed in."""
    inputs, parameters = names_of(record, "inputs"), names_of(record, "parameters")
    listed = {*inputs, *parameters}
    if len(listed) < len(inputs) + len(parameters) or not listed <= set(values):
        raise TranscriptError("the inputs and parameters do not agree with the values")
    constants = tuple(name for name in values if name not in listed)
    nodes = tuple(map(read_node, member(record, "nodes", list)))
    check_order(set(values), nodes)
    output = member(record, "output", str)
    if output not in {node.name for node in nodes}:
        raise TranscriptError(f"the output {text.visible(output)} is not a node")
    return Graph(inputs, parameters, constants, nodes, output)


def check_order(known: set[str], nodes: Sequence[Node]) -> None:
    """Refuse a node that has another's name, or takes a value that is not there yet."""
    for node in nodes:
        if missing := set(node.inputs) - known:
            raise TranscriptError(f"node {text.visible(node.name)} takes {text.visible(min(missing))}, unknown so far")
        if node.name in known:
            raise TranscriptError(f"two values are called {text.visible(node.name)}")
        known.add(node.name)


def read_node(record: object) -> Node:
    """Return one node."""
    if not isinstance(record, dict):
        raise TranscriptError("a node of the header is not an object")
    options = member(record, "options", dict)
    return Node(member(record, "name", str), member(record, "layer", str), names_of(record, "inputs"), options)


def read_train(record: Record) -> Mapping[str, Any] | None:
    """Return what the header says of the training, if there was any."""
    if record.get("train") is None:
        return None
    train = member(record, "train", dict)
    if not 1 <= member(train, "steps", int) <= MOST_ITERATIONS:
        raise TranscriptError("the header's number of iterations is impossible")
    return train


def names_of(record: Record, key: str) -> tuple[str, ...]:
    """Return a list of names."""
    names = member(record, key, list)
    if not all(isinstance(name, str) for name in names):
        raise TranscriptError(f"{key} has something that is not a name")
    return tuple(names)
