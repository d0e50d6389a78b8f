"""From the calls of one iteration to its graph: nodes, leaves, and what the person's code did between them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bptui.core.graph import Graph, Node
from bptui.core.pass_functions import PassFunctions
from bptui.errors import Location
from bptui.programs.array_views import Derived
from bptui.programs.event import BackwardCall, CallSite, ForwardCall
from bptui.programs.node_names import NodeNames, node_outputs
from bptui.programs.pass_events import PassEvents, SortedCalls, sort_calls
from bptui.programs.program_facts import ProgramFacts
from bptui.programs.seen_values import SeenValue
from bptui.programs.value_sources import GivenValue, KnownValues, Product

PARAMETER = re.compile(r"^([WUVbw]|gamma|beta|theta|bias(es)?|weights?)(_?[a-z]{0,2}_?\d*)?$")
"""What a parameter is called that is handed to a function."""

MULTIPLIED = ("derivative", "loss")
"""Styles in which dout is multiplied by what comes back."""

HOLDERS = re.compile(r"\b(params|parameters|weights)\b")
"""What holds parameters."""


@dataclass(frozen=True, eq=False)
class Leaf:
    """A value that no node makes: an input, a parameter or a constant.

    ``computed`` is the line of the person's code between layers that has made it, None of what comes from outside.
    """

    name: str
    kind: str
    value: SeenValue
    computed: Location | None = None


@dataclass(frozen=True, eq=False)
class PassNode:
    """A node of the graph: a ``call``, or what is ``derived`` from values without one.

    A call's inputs are those of its ``arguments`` that are values, by their places, and what its object ``held``.
    """

    node: Node
    outs: Sequence[SeenValue]
    call: ForwardCall | None = None
    held: Sequence[str] = ()
    arguments: Sequence[int] = ()
    derived: Derived | None = None


@dataclass(frozen=True, eq=False)
class WatchedPass:
    """One iteration: its ``graph``, the nodes in it, its ``leaves``, and the calls back, each with its node's index.

    Of ``followed`` inputs it is known where they come from; the others were computed by code between layers. The
    program has ended in the calls that have ``raised``, if any.
    """

    graph: Graph
    nodes: Sequence[PassNode]
    leaves: Sequence[Leaf]
    backwards: Sequence[tuple[int, BackwardCall]]
    followed: int
    used: int
    raised: Sequence[int] = ()


def build_graph(
    events: PassEvents, facts: ProgramFacts, names: NodeNames, parameters: dict[str, list[str]]
) -> WatchedPass:
    """Return an iteration. A group that computes with what goes through it is no mere group, but a node of its own.

    The innermost are made nodes first; one that has all nodes in it, but for a loss, stays a group.
    """
    opaque: frozenset[int] = frozenset()
    while True:
        known = names.kept.copy()
        builder = GraphBuilder(facts, names, parameters, opaque)
        watched = builder.build(events)
        more = builder.opaque_groups()
        if not more:
            return watched
        names.kept = known
        opaque |= more


class GraphBuilder:
    """Builds the graph of one iteration, call by call."""

    def __init__(
        self,
        facts: ProgramFacts,
        names: NodeNames,
        parameters: dict[str, list[str]],
        opaque: frozenset[int] = frozenset(),
    ) -> None:
        self.facts = facts
        self.opaque = opaque
        self.unclear: set[int] = set()
        self.names = names
        self.parameters = parameters
        self.known = KnownValues()
        self.nodes: list[PassNode] = []
        self.leaves: dict[str, Leaf] = {}
        self.named: dict[int, str] = {}
        self.groups: dict[int, str] = {}
        self.parents: dict[int, int] = {}
        self.backwards: dict[int, str] = {}
        self.passed: dict[int, frozenset[str]] = {}
        self.group = ""
        self.followed = self.used = 0
        names.begin_pass()

    def build(self, events: PassEvents) -> WatchedPass:
        """Return the iteration."""
        calls = sort_calls(events, self.opaque)
        self.parents = calls.parents
        self.backwards = {call.forward: call.function for call in calls.backwards}
        self.learn_parameters(calls)
        self.name_groups(calls)
        self.passed = {call.number: frozenset(name for name, _ in call.inputs) for call in calls.groups}
        for call in sorted((*calls.nodes, *calls.groups), key=lambda it: it.number):
            self.know_given(call)
        nodes = {call.number for call in calls.nodes}
        for call in events.forwards:
            if call.number in nodes:
                self.add_call(call, self.group_path(call, calls))
            elif call.number in self.groups:
                self.group = "/".join(filter(None, (self.group_path(call, calls), self.groups[call.number])))
                self.add_results_of_group(call)
        return self.finished(calls, events.raised)

    def finished(self, calls: SortedCalls, raised: Sequence[int]) -> WatchedPass:
        """Return the iteration, all of whose nodes are there."""
        index = {it.call.number: at for at, it in enumerate(self.nodes) if it.call}
        backwards = [(index[call.forward], call) for call in calls.backwards]
        last = backwards[0][0] if backwards else len(self.nodes) - 1
        leaves = [
            leaf for kind in ("input", "parameter", "constant") for leaf in self.leaves.values() if leaf.kind == kind
        ]
        names = {
            kind: tuple(it.name for it in leaves if it.kind == kind) for kind in ("input", "parameter", "constant")
        }
        graph = Graph(
            names["input"],
            names["parameter"],
            names["constant"],
            tuple(it.node for it in self.nodes),
            self.nodes[last].node.name,
            {leaf.name: leaf.computed for leaf in leaves if leaf.computed},
        )
        return WatchedPass(graph, self.nodes, leaves, backwards, self.followed, self.used, raised)

    def opaque_groups(self) -> frozenset[int]:
        """Return the innermost groups that do more than call layers, but for one that has all but losses in it."""
        partial = {number for number in self.unclear & self.groups.keys() if not self.is_whole_network(number)}
        return frozenset(number for number in partial if not any(self.is_within(it, number) for it in partial))

    def is_whole_network(self, group: int) -> bool:
        """Return whether there is nothing outside of a group but losses."""
        outside = (it for it in self.nodes if it.call is not None and not self.is_within(it.call.number, group))
        return all(it.outs and it.outs[0].array.size == 1 for it in outside)

    def is_within(self, call: int, group: int) -> bool:
        """Return whether a call is made inside another."""
        parent = self.parents.get(call, 0)
        while parent and parent != group:
            parent = self.parents.get(parent, 0)
        return bool(parent)

    # What the calls are.

    def learn_parameters(self, calls: SortedCalls) -> None:
        """Take note of which arrays on its object are parameters of a layer: those with a gradient beside them.

        They are the same arrays before forward and backward, and neither went in nor came out.
        """
        forwards = {call.number: call for call in calls.nodes}
        for back in calls.backwards:
            call = forwards[back.forward]
            before = {spot: self.token(value) for spot, _, value in call.held}
            now = {spot: self.token(value) for spot, _, value in back.held}
            through = {self.token(value) for _, value in call.inputs} | {self.token(value) for value in call.outs}
            spots = [
                spot
                for spot, _ in back.held_gradients
                if spot in before and before[spot] == now.get(spot) and before[spot] not in through
            ]
            self.parameters.setdefault(call.layer, [])
            self.parameters[call.layer] += [it for it in spots if it not in self.parameters[call.layer]]

    def token(self, number: int) -> int:
        """Return what stands for the object that a value was."""
        return self.facts.values[number].event.token

    def name_groups(self, calls: SortedCalls) -> None:
        """Name the groups, the outer ones first."""
        for call in sorted(calls.groups, key=lambda it: it.number):
            around = next(iter(calls.groups_around(call)), 0)
            self.groups[call.number] = self.names.node(call, self.groups.get(around, ""))

    def group_path(self, call: ForwardCall, calls: SortedCalls) -> str:
        """Return the names of the groups around a call, the outermost first."""
        return "/".join(reversed([self.groups[number] for number in calls.groups_around(call)]))

    def know_given(self, call: ForwardCall) -> None:
        """Take note of all that a call is given."""
        for parameter, number in call.inputs:
            self.known.add_given(self.given(call, parameter, number))

    def given(self, call: ForwardCall, parameter: str, number: int) -> GivenValue:
        """Return a value as it was given to a call."""
        expression = self.facts.expression(call.site, parameter)
        if expression and parameter in call.holders:
            expression = expression._replace(name=call.holders[parameter])
        passed = self.passed.get(call.parent, frozenset())
        return GivenValue(self.facts.values[number], self.facts.site(call.site), expression, passed, call.parent)

    # Adding nodes.

    def add_call(self, call: ForwardCall, group: str) -> None:
        """Add the node of a call, after whatever the person's code did for its inputs."""
        arguments = [(at, name, number) for at, (name, number) in enumerate(call.inputs) if self.is_input(call, name)]
        self.group = group
        self.known.objects.add(call.name)
        name = self.names.node(call, group.rpartition("/")[2])
        inputs = [
            self.source(self.given(call, parameter, number), f"{name}.{parameter}")
            for _, parameter, number in arguments
        ]
        self.count(inputs)
        held, made = self.held_inputs(call, name)
        outs = [self.facts.values[number] for number in call.outs]
        outputs = node_outputs(name, call, dict(enumerate(self.facts.site(call.site).targets)))
        node = Node(
            name,
            call.layer,
            (*inputs, *held.values()),
            {**call.options, **self.options(call, {at for at, _, _ in arguments})},
            self.facts.where(call.site),
            outputs[: max(1, len(outs))],
            made,
            self.facts.origin(call),
            self.facts.where(call.site),
            group,
            PassFunctions(call.function, self.backwards.get(call.number, ""), call.style in MULTIPLIED),
        )
        self.nodes.append(PassNode(node, outs, call, tuple(held), [at for at, _, _ in arguments]))
        self.add_products(call, node, outs)

    def count(self, inputs: Sequence[str]) -> None:
        """Count the inputs, and those of which it is known where they come from."""
        self.used += len(inputs)
        self.followed += sum(name not in self.leaves or self.leaves[name].computed is None for name in inputs)

    def is_input(self, call: ForwardCall, parameter: str) -> bool:
        """Return whether an argument is a value of the graph; a number for a parameter with a default is an option."""
        return parameter not in self.facts.defaults(call)

    def options(self, call: ForwardCall, taken: set[int]) -> Mapping[str, Any]:
        """Return the numbers that are options."""
        left = (it for at, it in enumerate(call.inputs) if at not in taken)
        return {
            name: self.facts.values[number].array[()].item()
            for name, number in left
            if not self.facts.values[number].array.shape
        }

    def held_inputs(self, call: ForwardCall, node: str) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return the parameters that a call's object holds, by spot, and those that only the layer has a name for."""
        held, made = {}, []
        for spot, name, number in call.held:
            if spot not in self.parameters.get(call.layer, ()):
                continue
            value = self.facts.values[number]
            known = self.named.get(number)
            is_own = name.startswith(".") or not name
            full = f"{node}{name or f'.{spot}'}" if is_own else name
            held[spot] = known or self.add_leaf(value, full, "parameter")
            if is_own and not known:
                made.append(held[spot])
        return held, tuple(made)

    def add_products(self, call: ForwardCall, node: Node, outs: Sequence[SeenValue]) -> None:
        """Take note of what a node has made."""
        site = self.facts.site(call.site)
        made_of = frozenset(number for _, number in call.inputs)
        targets = list(site.targets) if len(site.targets) > 1 or len(outs) == 1 else []
        for at, (value, name) in enumerate(zip(outs, node.outputs, strict=False)):
            self.named[value.number] = name
            self.known.add_product(Product(value, made_of, site), targets[at] if at < len(targets) else "")

    def add_results_of_group(self, call: ForwardCall) -> None:
        """Take note that what a group returns is what a node in it has made, or was made of such values."""
        site = self.facts.site(call.site)
        for at, number in enumerate(call.outs):
            given = GivenValue(self.facts.values[number], CallSite(*site._replace(expressions=())), None)
            found = self.known.find(given)
            if found is None:
                self.unclear.add(call.number)
                continue
            if isinstance(found, Product):
                name = self.named[found.value.number]
            else:
                name = self.add_derived(found, given, f"{self.groups[call.number]}.out")
            self.named[number] = name
            made_of = frozenset([found.value.number]) if isinstance(found, Product) else frozenset()
            target = site.targets[at] if at < len(site.targets) else ""
            self.known.add_product(Product(given.value, made_of, site), target)

    # Where inputs come from.

    def source(self, given: GivenValue, fallback: str) -> str:
        """Return the name of the value that a call is given; it becomes a leaf where no node has made it."""
        found = self.known.find(given)
        if isinstance(found, Product):
            return self.named[found.value.number]
        if given.value.number in self.named:
            return self.named[given.value.number]
        if isinstance(found, Derived):
            return self.add_derived(found, given)
        return self.leaf(given, fallback)

    def add_derived(self, derived: Derived, given: GivenValue, called: str = "") -> str:
        """Add what the person's code has made without a layer, as a node, which may be ``called`` something."""
        inputs = tuple(self.name_of_source(source) for source in derived.sources)
        name = self.names.unique(called or self.derived_name(derived, inputs, given))
        line = given.expression.made if given.expression and given.expression.made else given.site.line
        where = Location(self.facts.shown(given.site.file), line)
        node = Node(name, derived.layer, inputs, derived.options, where, call=where, group=self.group)
        self.nodes.append(PassNode(node, [given.value], derived=derived))
        self.named[given.value.number] = name
        return name

    def derived_name(self, derived: Derived, inputs: Sequence[str], given: GivenValue) -> str:
        """Return what a derived value is called: as in the call, or by what was done with what."""
        if given.expression and given.expression.name:
            return given.expression.name
        if derived.layer == "Slice":
            return f"{inputs[0]}{derived.options['index']}"
        return f"{inputs[0]}.{derived.layer.lower()}"

    def name_of_source(self, value: SeenValue) -> str:
        """Return the name of a value that another is derived from."""
        if value.number in self.named:
            return self.named[value.number]
        given = self.known.given[value.number]
        name = given.expression.parameter if given.expression else "x"
        return self.source(given, name)

    def leaf(self, given: GivenValue, fallback: str) -> str:
        """Add a leaf for a value that no node has made, or return that which is there for it."""
        it = given.expression
        if it is not None and it.is_literal and not given.value.array.shape:
            return self.constant(it.name, given.value)
        first = self.known.given.get(given.value.number)
        it = it if first is None or first.expression is None else first.expression
        name = it.name if it else ""
        computed = None
        if self.known.is_made_from_products(given):
            self.unclear.add(given.group)
        if self.known.is_made_from_products(given) or it is None:
            line = it.made if it and it.made and name else given.site.line
            computed = Location(self.facts.shown(given.site.file), line)
        known = self.leaves.get(name)
        if known is not None and not given.value.event.token and known.value.equals(given.value):
            return name
        return self.add_leaf(given.value, name or fallback, leaf_kind(given._replace(expression=it)), computed)

    def constant(self, text: str, value: SeenValue) -> str:
        """Add a number that is written in a call, or return that which is there for it."""
        if text in self.leaves:
            return text
        return self.add_leaf(value, text, "constant")

    def add_leaf(self, value: SeenValue, name: str, kind: str, computed: Location | None = None) -> str:
        """Add a leaf."""
        unique = self.names.unique(name)
        self.leaves[unique] = Leaf(unique, kind, value, computed)
        self.named[value.number] = unique
        return unique


def leaf_kind(given: GivenValue) -> str:
    """Return whether a value that is given to a call is data, or a parameter by what it is called or held in."""
    it = given.expression
    if it is None or given.value.array.dtype.kind != "f":
        return "input"
    is_parameter = PARAMETER.match(it.name) is not None or HOLDERS.search(it.text) is not None
    return "parameter" if is_parameter else "input"
