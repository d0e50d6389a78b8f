"""Composites folded: the nodes that stand in one node's formula, or that it was expanded to, drawn as that node.

``y = "Relu(x @ W + b)"`` makes the nodes ``y.1``, ``y.2`` and ``y``; folded, ``y`` takes x, W and b.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property

from bptui.core.graph import Graph, Node, Use
from bptui.deferred_dataclass import dataclass


@dataclass(frozen=True, eq=False)
class Folding:
    """A graph as it is drawn. ``home`` has, for each value whose node is not, the node that it is drawn in.

    ``uses`` has, for each use in the drawn graph, the same use in the whole one, where anything is folded.
    """

    graph: Graph
    home: Mapping[str, str]
    uses: Mapping[Use, Use]

    def visible_box(self, name: str) -> str:
        """Return the value whose box stands for ``name``."""
        return self.home.get(name, name)

    def values_in(self, name: str) -> tuple[str, ...]:
        """Return the values that the box of ``name`` stands for, itself first."""
        return (name, *self.inner.get(name, ()))

    @cached_property
    def inner(self) -> Mapping[str, list[str]]:
        """The values without a box of their own, by the node that they are drawn in."""
        found = defaultdict[str, list[str]](list)
        for name, owner in self.home.items():
            found[owner].append(name)
        return found

    def use(self, drawn: Use) -> Use:
        """Return what a use in the drawn graph is in the whole one."""
        return self.uses.get(drawn, drawn)


def composites(graph: Graph) -> Mapping[str, tuple[str, ...]]:
    """Return, for each node that others belong to, those others in forward order.

    Nodes belong to the one that their name begins with, up to a point, as far as no other node uses them.
    """
    owners: dict[str, str] = {}
    for index in reversed(range(len(graph.nodes))):
        name = graph.nodes[index].name
        owner = owner_of(graph, name)
        users = {graph.nodes[use.node].name for slot in graph.slots_of(index) for use in graph.uses[slot]}
        if (
            owner
            and graph.output not in graph.nodes[index].outputs
            and all(user == owner or owners.get(user) == owner for user in users)
        ):
            owners[name] = owner
    found: dict[str, tuple[str, ...]] = {}
    for name, owner in reversed(owners.items()):
        found[owner] = (*found.get(owner, ()), name)
    return found


def owner_of(graph: Graph, name: str) -> str | None:
    """Return the node that ``name`` belongs to: the shortest beginning of it, up to a point, that is a node."""
    parts = name.split(".")
    beginnings = (".".join(parts[:count]) for count in range(1, len(parts)))
    return next((it for it in beginnings if it in graph.slots and graph.node(it)), None)


def unfolded(graph: Graph) -> Folding:
    """Return ``graph`` drawn as it is."""
    return Folding(graph, {}, {})


def fold(graph: Graph, closed: Mapping[str, Collection[str]], titles: Mapping[str, str] | None = None) -> Folding:
    """Return ``graph`` with each of the ``closed`` composites as one node, its inputs those from outside, in order.

    ``titles`` are what is written for the layers of some of them.
    """
    titles = titles or {}
    home = {member: owner for owner, members in closed.items() for member in members}
    within = {out: home[node.name] for node in graph.nodes if node.name in home for out in node.outputs}
    nodes: list[Node] = []
    uses: dict[Use, Use] = {}
    waiting: dict[str, list[tuple[str, Use]]] = {}
    for index, node in enumerate(graph.nodes):
        owner = home.get(node.name, node.name)
        taken = waiting.setdefault(owner, [])
        taken += [
            (name, Use(index, position)) for position, name in enumerate(node.inputs) if within.get(name) != owner
        ]
        if node.name == owner:
            uses |= {Use(len(nodes), position): use for position, (_, use) in enumerate(taken)}
            inputs = tuple([name for name, _ in taken])
            layer = titles.get(owner, node.layer)
            nodes.append(replace(node, inputs=inputs, layer=layer) if owner in closed else node)
    return Folding(replace(graph, nodes=tuple(nodes)), within, uses)
