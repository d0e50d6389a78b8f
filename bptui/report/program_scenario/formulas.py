"""The formulas of a watched program's nodes, and what its leaves become: inputs, parameters, numbers in formulas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bptui.core.graph import UNNAMED
from bptui.errors import Location
from bptui.programs.pass_graph import Leaf, PassNode, WatchedPass
from bptui.report.program_scenario.derived_formula import SAME, derived_formula
from bptui.report.program_scenario.scenario_names import ScenarioNames
from bptui.report.program_scenario.toml_numbers import call_text
from bptui.scenario.formula import is_name
from layers import Array

LITERAL = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE)
"""A number that a formula may have in it."""


@dataclass(frozen=True, eq=False)
class WrittenLeaf:
    """A line of ``[inputs]`` or ``[parameters]``: the key there, the value, and what is said of it.

    The program has it under ``program_name``, "" for none, and where it ``is_number`` as a number of Python's.
    """

    key: str
    array: Array
    program_name: str = ""
    comment: str = ""
    is_number: bool = False


@dataclass(frozen=True, eq=False)
class WrittenNode:
    """A line of ``[nodes]``: the key there, its formula, and where the program has it."""

    key: str
    formula: str
    where: Location | None = None


@dataclass(eq=False)
class PassFormulas:
    """One pass of a program in the words of a scenario. ``given`` has by forward what its process tells of it.

    ``frozen`` has arrays that objects were made with and have no gradient for, by forward and spot. ``remarks`` says
    what a scenario cannot say.
    """

    watched: WatchedPass
    given: Mapping[int, Mapping[str, Any]]
    frozen: Mapping[tuple[int, str], Array] = field(default_factory=dict)
    names: ScenarioNames = field(default_factory=ScenarioNames)
    inputs: list[WrittenLeaf] = field(default_factory=list)
    parameters: list[WrittenLeaf] = field(default_factory=list)
    nodes: list[WrittenNode] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        leaves = {leaf.name: leaf for leaf in self.watched.leaves}
        for node in self.watched.nodes:
            for name in self.own_names(node):
                self.names.add(name)
        made = {name for node in self.watched.nodes for name, _ in self.made_by(node)}
        for leaf in leaves.values():
            if leaf.name not in made:
                self.add_leaf(leaf)
        for node in self.watched.nodes:
            self.add_made(node, leaves)
            self.add_node(node)

    def own_names(self, node: PassNode) -> Sequence[str]:
        """Return the values of a node that get a name of their own."""
        is_same = node.derived is not None and node.derived.layer in SAME
        return () if is_same else [it for it in node.node.outputs if UNNAMED not in it]

    def add_leaf(self, leaf: Leaf) -> None:
        """Add a leaf; a number that is written in a call stands in the formula."""
        if leaf.kind == "constant" and LITERAL.fullmatch(leaf.name):
            self.names.add_as(leaf.name, leaf.name)
            return
        comment = f"computed by your code, {leaf.computed}" if leaf.computed else ""
        name, is_number = self.names.add(leaf.name), bool(leaf.value.event.scalar)
        written = WrittenLeaf(name, leaf.value.array, leaf.name, comment, is_number=is_number)
        (self.parameters if leaf.kind == "parameter" else self.inputs).append(written)

    def told(self, node: PassNode, what: str) -> Mapping[str, Any]:
        """Return what the process has told of a node's call: what its object was ``built`` with, or ``constants``."""
        found: Mapping[str, Any] = self.given.get(node.call.number, {}).get(what, {}) if node.call else {}
        return found

    def held(self, node: PassNode) -> dict[str, str]:
        """Return by its spot each value that a node's object holds."""
        return dict(zip(node.held, node.node.inputs[len(node.arguments) :], strict=True)) if node.call else {}

    def made_by(self, node: PassNode) -> list[tuple[str, str]]:
        """Return what a node's object has not been given, and made itself: the value, and its spot."""
        handed = {it["spot"] for it in self.told(node, "built").values() if "spot" in it}
        return [(name, spot) for spot, name in self.held(node).items() if spot not in handed]

    def add_made(self, node: PassNode, leaves: Mapping[str, Leaf]) -> None:
        """Add the parameters that a node's object has made itself, under the node's name and theirs."""
        for name, spot in self.made_by(node):
            key = f"{self.names[node.node.name]}.{spot}"
            if not all(map(is_name, spot.split("."))):
                self.remarks.append(f"{name} is kept where no name leads to it, and starts as its layer makes it")
            elif name in leaves:
                self.parameters.append(WrittenLeaf(key, leaves[name].value.array, name))
                self.names.names.setdefault(name, key)

    def add_node(self, node: PassNode) -> None:
        """Add a node: the call of a layer, or what the program's code made without one."""
        if node.derived is not None:
            self.add_derived(node, [self.names[name] for name in node.node.inputs])
            return
        arguments = [self.names[name] for name in node.node.inputs[: len(node.arguments)]]
        formula = call_text(node.node.layer, [*arguments, *self.handed(node)], self.options(node))
        key = ", ".join("_" if UNNAMED in name else self.names[name] for name in node.node.outputs)
        self.nodes.append(WrittenNode(key, formula, node.node.call))

    def handed(self, node: PassNode) -> Iterator[str]:
        """Yield the values that the constructor of a node's object is given, in order; frozen ones become inputs."""
        held = self.held(node)
        for name, it in self.told(node, "built").items():
            spot = it.get("spot")
            if spot in held:
                yield self.names[held[spot]]
            elif node.call and (node.call.number, spot) in self.frozen:
                key = self.names.add(f"{node.node.name}_{name}")
                comment = "has no gradient in the program"
                self.inputs.append(WrittenLeaf(key, self.frozen[node.call.number, spot], comment=comment))
                yield key

    def options(self, node: PassNode) -> dict[str, Any]:
        """Return the constants that a node's layer is given, to its constructor and to its passes."""
        built = self.told(node, "built")
        for name, it in built.items():
            if "type" in it:
                self.remarks.append(f"{node.node.name} was made with {name}, a {it['type']}, which no formula can say")
            elif "token" in it:
                self.remarks.append(f"{node.node.name} was made with {name}, an array that it does not keep")
        options = {name: it["constant"] for name, it in built.items() if "constant" in it}
        options |= {**self.told(node, "constants"), **node.node.options}
        return {name: it for name, it in options.items() if it is not None and is_name(name)}

    def add_derived(self, node: PassNode, inputs: Sequence[str]) -> None:
        """Add what the program's code made without a layer; as an input where the built-in layers cannot say it."""
        assert node.derived is not None
        name = node.node.name
        if node.derived.layer in SAME:
            self.names.add_as(name, inputs[0])
            return
        formula = derived_formula(node.derived, inputs)
        if formula is not None:
            self.nodes.append(WrittenNode(self.names[name], formula, node.node.call))
            return
        self.remarks.append(f"{name} ({node.node.call}) is written as an input: no gradient goes back through it")
        comment = f"computed by your code, {node.node.call}"
        self.inputs.append(WrittenLeaf(self.names[name], node.outs[0].array, name, comment))


def frozen_places(watched: WatchedPass, given: Mapping[int, Mapping[str, Any]]) -> list[tuple[int, str]]:
    """Return what objects were made with and have no gradient for: the forward's number, and the spot."""
    return [
        (node.call.number, it["spot"])
        for node in watched.nodes
        if node.call
        for it in given.get(node.call.number, {}).get("built", {}).values()
        if "spot" in it and it["spot"] not in node.held
    ]
