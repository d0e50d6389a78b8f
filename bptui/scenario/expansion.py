"""Expansion: a node whose layer is made of simpler ones, with these in its place, from which the same numbers come.

A layer tells its expansion itself, as formulas (``Layer.expansion``); here they become nodes of the graph.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from bptui.core.graph import UNNAMED, Graph, Node
from bptui.core.lesson import PlannedNote
from bptui.core.order import Schedule
from bptui.core.text import visible
from bptui.errors import ScenarioError
from bptui.own_layers.own_layer import OwnLayer
from bptui.scenario.formula import Operation, parse_formula
from bptui.scenario.problems import Problems, nearest
from bptui.scenario.reading.shape_inference import infer_shapes
from bptui.scenario.reading.signature import signature_of
from bptui.scenario.reading.value_forms import from_lists
from bptui.scenario.scenario import Scenario
from layers import Array, Layer, Shape
from layers import library as built_in

ALL = "all"
"""What stands for every node that has an expansion."""

MOST_OFFERED = 12


def expanded(scenario: Scenario, names: Iterable[str], *, shapes: Mapping[str, Shape] | None = None) -> Scenario:
    """Return the scenario with the nodes of these ``names``, or with "all" every node that can be, as simpler ones.

    One that a name expands to may be named after it. Shapes are inferred as far as that goes, and otherwise those in
    ``shapes``, which a run has told. Raises ScenarioError for a name that is not of such a node.
    """
    asked, before = tuple(names), scenario.schedule
    for name in asked:
        chosen = expandable(scenario) if name == ALL else [expandable_node(scenario, name)]
        scenario = with_expanded(scenario, chosen, {**known_shapes(scenario), **(shapes or {})})
    notes = tuple(moved_note(note, before, scenario.schedule) for note in scenario.lesson.notes)
    lesson = replace(scenario.lesson, notes=notes)
    return replace(scenario, expanded=(*scenario.expanded, *asked), lesson=lesson)


def moved_note(note: PlannedNote, before: Schedule, after: Schedule) -> PlannedNote:
    """Return a note at the step that it was written for, whose number is another where there are more nodes."""
    if not note.step:
        return note
    turn = before[note.step]
    step = after.step_number(turn.iteration - 1, turn.pass_, turn.name)
    return note if step is None else replace(note, step=step)


def expandable(scenario: Scenario) -> list[Node]:
    """Return the nodes whose layers are made of simpler ones."""
    return [node for node in scenario.graph.nodes if is_composite(scenario.library[node.layer])]


def is_composite(layer: type[Layer] | OwnLayer) -> bool:
    """Return whether a layer is made of simpler ones, and says so."""
    return isinstance(layer, type) and layer.expansion is not Layer.expansion


def expandable_node(scenario: Scenario, name: str) -> Node:
    """Return the node that computes ``name``. Raises ScenarioError where that has no expansion."""
    composites = [node.name for node in expandable(scenario)]
    offered = ", ".join(map(visible, composites[:MOST_OFFERED]))
    others = f"what can be expanded: {offered}" if composites else "no node here can be expanded"
    if name not in scenario.graph.slots or (node := scenario.graph.node(name)) is None:
        raise ScenarioError(f"no node is called {visible(name)}", hint=nearest(name, composites) or others)
    if not is_composite(scenario.library[node.layer]):
        raise ScenarioError(f"{visible(name)}: {visible(node.layer)} has no expansion", hint=others, where=node.where)
    return node


def known_shapes(scenario: Scenario) -> dict[str, Shape]:
    """Return the shapes of the values that no layer of the user's own comes before: others are told by a run."""
    return infer_shapes(scenario.graph, scenario.values, scenario.library, Problems(), {})


def with_expanded(scenario: Scenario, nodes: Collection[Node], shapes: Mapping[str, Shape]) -> Scenario:
    """Return the scenario with some of its nodes as simpler ones. Raises ScenarioError where a shape is not known."""
    chosen = {node.name for node in nodes}
    graph = scenario.graph
    made = [[*nodes_of(scenario, it, shapes)] if it.name in chosen else [it] for it in graph.nodes]
    ordered = tuple([node for several in made for node in several])
    constants = constants_of(ordered, graph, scenario.dtype)
    return replace(
        scenario,
        graph=Graph(graph.inputs, graph.parameters, (*graph.constants, *constants), ordered, graph.output),
        values={**scenario.values, **constants},
        library={node.layer: scenario.library.get(node.layer) or built_in[node.layer] for node in ordered},
    )


def nodes_of(scenario: Scenario, node: Node, shapes: Mapping[str, Shape]) -> Iterator[Node]:
    """Yield the nodes that a node expands to, of which some bear the names that its outputs have been given."""
    layer = scenario.made(node)
    if not shapes.keys() >= set(node.inputs):
        message = f"{visible(node.name)}: the shapes of its inputs are known only when it runs"
        raise ScenarioError(message, where=node.where)
    try:
        formulas = layer.expansion(*[shapes[name] for name in node.inputs])
    except ValueError as error:
        raise ScenarioError(f"{visible(node.name)}: {error}", where=node.where) from error
    names = dict(zip(signature_of(type(layer)).inputs, node.inputs, strict=False))
    values = [value for key in formulas for value in key.split(", ")]
    own = dict(zip(values, [f"{node.name}.{value}" for value in values], strict=True))
    ends = zip(layer.outputs if len(node.outputs) > 1 else values[-1:], node.outputs, strict=True)
    own |= {value: name for value, name in ends if UNNAMED not in name}
    for key, written in formulas.items():
        outputs = tuple([own[value] for value in key.split(", ")])
        yield from nodes_of_formula(scenario, node, written, names, outputs)
        names |= {value: own[value] for value in key.split(", ")}


def nodes_of_formula(
    scenario: Scenario, node: Node, written: str, names: Mapping[str, str], outputs: tuple[str, ...]
) -> Iterator[Node]:
    """Yield the nodes of one formula that a node expands to; ``names`` has the values that it calls otherwise."""
    operations = parse_formula(written)
    within = outputs[0] if outputs[0] not in node.outputs else f"{outputs[0]}.out"
    steps = [(f"{within}.{step}",) for step in range(1, len(operations))] + [outputs]
    for operation, own in zip(operations, steps, strict=True):
        check_built_in(scenario, operation, node)
        inputs = [
            steps[it.step][0] if it.step is not None else names.get(it.name, it.name) for it in operation.arguments
        ]
        options = {option: value for option, (value, _) in operation.options.items()}
        yield Node(own[0], operation.layer, tuple(inputs), options, node.where, own)


def check_built_in(scenario: Scenario, operation: Operation, node: Node) -> None:
    """Raise ScenarioError where the user's own file gives a layer that an expansion means as built in."""
    if isinstance(own := scenario.library.get(operation.layer), OwnLayer):
        message = f"{visible(node.name)}: it expands to the built-in {operation.layer}, and your file gives another"
        raise ScenarioError(message, where=own.where)


def constants_of(nodes: Iterable[Node], graph: Graph, dtype: np.dtype[np.generic]) -> dict[str, Array]:
    """Return the constants that ``nodes`` have and the graph does not have yet, by the way they are written."""
    known = {*graph.leaves, *(name for node in nodes for name in node.outputs)}
    new = dict.fromkeys(name for node in nodes for name in node.inputs if name not in known)
    return {name: from_lists(float(name), dtype) for name in new}
