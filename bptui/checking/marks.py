"""Marks for a hand-in: which failure costs which node's or layer's points.

A failure is charged once, to what caused it. What follows from another failure costs nothing more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bptui.checking.finding import Finding, Mark, Verdict, verdict_of
from bptui.checking.verdicts import Judged
from bptui.core.graph import Graph, Node

ABOUT_THE_WHOLE = frozenset({"expect", "network", "wiring"})
"""The rules that are about more than one node's own layer."""


def marks_of(graph: Graph, points: Mapping[str, float], findings: Sequence[Finding]) -> tuple[Mark, ...]:
    """Return a mark for each node or layer that has ``points``, in forward order, and for each other one that failed.

    Points by node come before points by layer. Without any, each node with a layer of the user's own counts 1, or each
    node where all layers are built in.
    """
    return tuple(Marking(graph, points or equal_points(graph), findings).marks())


def equal_points(graph: Graph) -> dict[str, float]:
    """Return one point for each node whose layer is the user's own, or for each where there is no such."""
    return {node.name: 1.0 for node in graph.nodes if node.origin} or {node.name: 1.0 for node in graph.nodes}


@dataclass(frozen=True, eq=False)
class Marking:
    """The findings on one scenario, as they cost points."""

    graph: Graph
    points: Mapping[str, float]
    findings: Sequence[Finding]

    def marks(self) -> Iterator[Mark]:
        """Yield the marks in forward order."""
        for key, nodes in self.nodes_by_key.items():
            charged = self.charges[key]
            if key in self.points or charged:
                verdict = self.verdict(nodes, charged)
                told = self.unchecked(nodes) if verdict is Verdict.SKIP else charged
                yield Mark(key, tuple(nodes), self.points.get(key, 0.0), verdict, told)

    @cached_property
    def nodes_by_key(self) -> Mapping[str, list[str]]:
        """The nodes that each key of the points stands for; a node that has none stands for itself."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for node in self.graph.nodes:
            found[self.key_of(node)].append(node.name)
        return found

    def key_of(self, node: Node) -> str:
        """Return the key that a node's points stand under: its own, that of its layer, or its own where it has none."""
        is_by_layer = node.name not in self.points and node.layer in self.points
        return node.layer if is_by_layer else node.name

    @cached_property
    def charges(self) -> Mapping[str, tuple[Finding, ...]]:
        """By key, the failures that are its own."""
        charged: defaultdict[str, list[Finding]] = defaultdict(list)
        for finding in self.findings:
            if finding.verdict is Verdict.FAIL and (node := self.culprit(finding)):
                charged[self.key_of(node)].append(finding)
        return defaultdict(tuple, {key: tuple(found) for key, found in charged.items()})

    def culprit(self, finding: Finding) -> Node | None:
        """Return the node that a failure is charged to; None where it follows from another failure."""
        if finding.rule not in ABOUT_THE_WHOLE:
            return self.graph.node(finding.node)
        if finding.input is not None:
            return self.behind_gradient(finding.input)
        return self.behind_value(finding.node)

    def behind_value(self, name: str) -> Node | None:
        """Return the nearest node that counts at or before a value that is off; None where one before it is off too."""
        before = self.before(name)
        if any(it.name in self.off_values for it in before[1:]):
            return None
        if not before:  # a parameter, as training has left it
            return None if self.failed_nodes or self.off_values - {name} else self.behind_gradient(name)
        return next(filter(self.counts, before), before[0])

    def behind_gradient(self, name: str) -> Node | None:
        """Return the first user that counts of a value whose gradient is off; None where that follows from others."""
        after = self.after(name)
        if self.failed_nodes or self.off_values - {name} or any(it.name in self.off_gradients for it in after):
            return None
        return next(filter(self.counts, after), after[0] if after else self.graph.node(name))

    def counts(self, node: Node) -> bool:
        """Return whether there are points for a node."""
        return self.key_of(node) in self.points

    @cached_property
    def failed_nodes(self) -> frozenset[str]:
        """The nodes that have failed by themselves."""
        own = (it for it in self.findings if it.verdict is Verdict.FAIL and it.rule not in ABOUT_THE_WHOLE)
        return frozenset(it.node for it in own)

    @cached_property
    def off_values(self) -> frozenset[str]:
        """The values that are not as expected."""
        return frozenset(it.node for it in self.failures_of_whole if it.input is None)

    @cached_property
    def off_gradients(self) -> frozenset[str]:
        """The values whose gradients are not as expected, or not those of the whole network."""
        return frozenset(it.input for it in self.failures_of_whole if it.input is not None)

    @cached_property
    def failures_of_whole(self) -> Sequence[Finding]:
        """What has failed that is about more than one node's own layer."""
        return [it for it in self.findings if it.verdict is Verdict.FAIL and it.rule in ABOUT_THE_WHOLE]

    def before(self, name: str) -> list[Node]:
        """Return the node that computes a value and all those behind it, the nearest first."""
        found: dict[str, Node] = {}
        waiting = [name]
        for it in waiting:
            node = self.graph.node(it)
            if node and node.name not in found:
                found[node.name] = node
                waiting += node.inputs
        return list(found.values())

    def after(self, name: str) -> list[Node]:
        """Return all nodes that a value leads to, the nearest first."""
        found: dict[str, Node] = {}
        waiting = [name]
        for it in waiting:
            for use in self.graph.uses[self.graph.slots[it]]:
                node = self.graph.nodes[use.node]
                if node.name not in found:
                    found[node.name] = node
                    waiting += node.outputs
        return list(found.values())

    def verdict(self, nodes: Sequence[str], charged: Sequence[Finding]) -> Verdict:
        """Return what the nodes of one mark come to."""
        if charged:
            return Verdict.FAIL
        verdicts = [self.judged[name].verdict for name in nodes]
        return Verdict.SKIP if Verdict.SKIP in verdicts else verdict_of(verdicts)

    def unchecked(self, nodes: Sequence[str]) -> tuple[Finding, ...]:
        """Return what tells why some nodes could not be checked."""
        found = (it for name in nodes for it in self.judged[name].findings if self.judged[name].verdict is Verdict.SKIP)
        return tuple(it for it in found if it.verdict is Verdict.SKIP)

    @cached_property
    def judged(self) -> Mapping[str, Judged]:
        """What is known of each node by itself."""
        found = defaultdict(list)
        for finding in self.findings:
            if finding.rule not in ABOUT_THE_WHOLE:
                found[finding.node].append(finding)
        return {node.name: Judged(node.name, node.layer, 0, tuple(found[node.name])) for node in self.graph.nodes}
