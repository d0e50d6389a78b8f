"""The graph that a header tells of: nodes in an order that they can be computed in, and nothing that could run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bptui.core import text
from bptui.core.graph import Graph, Node
from bptui.core.pass_functions import functions_of_words
from bptui.errors import Location, ScenarioError, TranscriptError
from bptui.recording.records import GraphRecord, HeaderRecord, NodeRecord, as_where
from bptui.scenario.formula import is_name
from bptui.scenario.toml import parse_toml

MOST_CHARACTERS = 1 << 22
"""Of a scenario's text; no scenario that is read has more."""


def completed(header: HeaderRecord) -> HeaderRecord:
    """Return a header that says which leaves are inputs and which parameters, and how long the training is.

    One that another program wrote, with no more in it than the format demands, has these in the scenario's own text.
    """
    if header.source is None and header.program is None:
        raise TranscriptError("a header of the recording has no proper 'source'")
    if header.inputs is not None and header.parameters is not None:
        return header
    scenario = read_scenario_text(header.source or "")
    leaves = [name for name in header.values if is_name(name)]
    listed = as_table(scenario.get("parameters"))
    parameters = tuple(name for name in leaves if name in listed)
    train = as_table(scenario.get("train"))
    return replace(
        header,
        inputs=tuple(name for name in leaves if name not in listed),
        parameters=parameters,
        train=header.train or ({"steps": train.get("steps", 1)} if train else None),
    )


def read_scenario_text(source: str) -> Mapping[str, Any]:
    """Return a scenario's text as TOML, within the bounds of scenarios; nothing where it is not, or too much."""
    if len(source) > MOST_CHARACTERS:
        return {}
    try:
        return parse_toml(source, "source").data
    except ScenarioError:
        return {}


def as_table(part: object) -> Mapping[str, Any]:
    """Return a part of a TOML document, empty where it is not a table."""
    return part if isinstance(part, dict) else {}


def graph_of(header: HeaderRecord) -> Graph:
    """Return the graph of a header that is complete. Raises TranscriptError where it is not a graph."""
    graph = GraphRecord(header.nodes, header.values, header.output, header.inputs or (), header.parameters or ())
    return graph_in_record(graph)


def graph_in_record(record: GraphRecord) -> Graph:
    """Return the graph that a record tells of. Raises TranscriptError where it is not one."""
    listed = {*record.inputs, *record.parameters}
    if len(listed) < len(record.inputs) + len(record.parameters) or not listed <= record.values.keys():
        raise TranscriptError("the inputs and parameters do not agree with the values")
    constants = tuple(name for name in record.values if name not in listed)
    nodes = tuple(map(recorded_node, record.nodes))
    check_order(set(record.values), nodes)
    if record.output not in {name for node in nodes for name in node.outputs}:
        raise TranscriptError(f"the output {text.visible(record.output)} is not a node")
    computed = {name: Location(place.file, place.line) for name, place in record.computed.items()}
    return Graph(record.inputs, record.parameters, constants, nodes, record.output, computed)


def recorded_node(it: NodeRecord) -> Node:
    """Return the node that a record tells of."""
    call = as_where(it.call)
    functions = functions_of_words(it.functions)
    return Node(
        it.name, it.layer, it.inputs, it.options, call, it.outputs, it.made, it.origin, call, it.group, functions
    )


def check_order(known: set[str], nodes: Sequence[Node]) -> None:
    """Raise TranscriptError for a node that has another's name, or takes a value that is not there yet."""
    for node in nodes:
        if missing := set(node.inputs) - known:
            raise TranscriptError(f"node {text.visible(node.name)} takes {text.visible(min(missing))}, unknown so far")
        if node.outputs[0] != node.name:
            raise TranscriptError(f"node {text.visible(node.name)} does not bear its first output's name")
        for name in node.outputs:
            if name in known:
                raise TranscriptError(f"two values are called {text.visible(name)}")
            known.add(name)
