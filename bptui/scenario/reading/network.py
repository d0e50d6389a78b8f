"""``[nodes]`` and ``[run]``: the graph of all nodes, in forward order, and the node that a run ends at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from bptui.core.graph import Graph, Node, find_cycle, forward_order
from bptui.core.text import visible
from bptui.errors import Location, ScenarioError
from bptui.scenario.formula import normal_form
from bptui.scenario.problems import Problems, nearest
from bptui.scenario.reading.definition import Definition
from bptui.scenario.reading.names import Places
from bptui.scenario.reading.nodes import NodeReader
from bptui.scenario.reading.table_keys import check_keys, table
from bptui.scenario.reading.value_forms import toml_kind
from bptui.scenario.toml import Document, Path

MOST_NAMED = 20
"""Nodes that one error lists."""

EXAMPLE = 'a network is at least one formula: y = "x * 2" under [nodes]'


def read_nodes(reader: NodeReader, definitions: Iterable[Definition]) -> list[Node]:
    """Return the nodes of all formulas, in file order; of a template, one mistake is enough."""
    nodes: list[Node] = []
    wrong: set[Path] = set()
    for definition in definitions:
        if definition.key not in wrong:
            before = len(reader.problems.found)
            with reader.problems.collecting():
                nodes += reader.read(definition)
            if len(reader.problems.found) > before:
                wrong.add(definition.key)
    return nodes


def read_graph(
    document: Document, places: Places, nodes: Sequence[Node], constants: Collection[str], problems: Problems
) -> Graph:
    """Return the graph of ``nodes``. Raises ScenarioError, for all that was found before too."""
    run = table(document, "run", problems)
    check_keys(document, ("run",), run, ("output", "dout"), problems)
    output = ""
    with problems.collecting():
        if "output" in run:
            output = named_output(document, run["output"], [name for node in nodes for name in node.outputs])
    problems.raise_any()
    ordered, held = forward_order(nodes)
    if held:
        raise cyclic(find_cycle(held), {name: node for node in held for name in node.outputs})
    if not nodes:
        where = document.where_key("nodes") if "nodes" in document.data else Location(document.path)
        raise ScenarioError("no network in it", hint=EXAMPLE, where=where)
    inputs, parameters = (
        tuple(name for name, (section, _) in places.items() if section == wanted) for wanted in ("inputs", "parameters")
    )
    return Graph(inputs, parameters, tuple(constants), tuple(ordered), output or only_output(nodes))


def named_output(document: Document, written: object, names: Sequence[str]) -> str:
    """Return the node that ``[run] output`` names. Raises ScenarioError where there is no such node."""
    if not isinstance(written, str):
        raise document.error(f"output: got {toml_kind(written)}, wanted a node's name", "run", "output")
    name = normal_form(written)
    if name not in names:
        raise document.error(f"no node is called {visible(name)}", "run", "output", hint=nearest(name, names))
    return name


def only_output(nodes: Sequence[Node]) -> str:
    """Return the name of the one node that no other consumes. Raises ScenarioError where there are several."""
    consumed = {name for node in nodes for name in node.inputs}
    ends = [node for node in nodes if consumed.isdisjoint(node.outputs)]
    if len(ends) == 1:
        return ends[0].name
    names = [visible(node.name) for node in ends]
    raise ScenarioError(
        f"several nodes could be the output: {joined_names(names, ', ')}",
        hint=f'name one: [run] output = "{names[-1]}"',
        where=ends[1].where,
    )


def cyclic(cycle: Sequence[str], nodes: Mapping[str, Node]) -> ScenarioError:
    """Return the error about nodes that wait for each other; those inside one formula count as one."""
    whole = list(dict.fromkeys(name.partition(".")[0] for name in cycle))
    order = {name: place for place, name in enumerate(nodes)}
    first = min(range(len(whole)), key=lambda place: order[whole[place]])
    names = [visible(name) for name in (*whole[first:], *whole[: first + 1])]
    hint = "no node can wait for its own value"
    return ScenarioError(f"a cycle: {joined_names(names, ' → ')}", hint=hint, where=nodes[whole[first]].where)


def joined_names(names: Sequence[str], separator: str) -> str:
    """Return names in one line, as many as one can take in."""
    return separator.join(names if len(names) <= MOST_NAMED else [*names[:MOST_NAMED], "..."])
