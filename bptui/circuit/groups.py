"""Groups of a program's nodes: the calls inside a call, drawn as one node until somebody opens it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from bptui.core.graph import Graph


class Group(NamedTuple):
    """A group by its ``path``, the node ``owner`` whose value alone goes out of it, and the others in it."""

    path: str
    owner: str
    members: tuple[str, ...]

    @property
    def title(self) -> str:
        """What the group is called among those around it."""
        return self.path.rpartition("/")[2]


def find_groups(graph: Graph) -> Mapping[str, Group]:
    """Return the groups that can be drawn as one node, by path, the outer ones first; the whole graph is none."""
    inside: dict[str, list[int]] = {}
    for index, node in enumerate(graph.nodes):
        parts = node.group.split("/") if node.group else []
        for depth in range(1, len(parts) + 1):
            inside.setdefault("/".join(parts[:depth]), []).append(index)
    calls = sum(bool(node.group) or node.origin != "" for node in graph.nodes)
    found = (group_of(graph, path, nodes) for path, nodes in inside.items() if 1 < len(nodes) < calls)
    groups = {group.path: group for group in found if group is not None}
    return {path: groups[path] for path in sorted(groups, key=lambda path: path.count("/"))}


def group_of(graph: Graph, path: str, nodes: Collection[int]) -> Group | None:
    """Return the group that some nodes are, None where the values of several of them go out of it."""
    exits = [
        index
        for index in nodes
        for slot in graph.slots_of(index)
        if graph.names[slot] == graph.output or any(use.node not in nodes for use in graph.uses[slot])
    ]
    if len(set(exits)) != 1:
        return None
    owner = graph.nodes[exits[0]].name
    return Group(path, owner, tuple(graph.nodes[index].name for index in nodes if index != exits[0]))


def closed_groups(groups: Mapping[str, Group], opened: Collection[str]) -> list[Group]:
    """Return the groups that are drawn as one node: the outermost that nobody has opened."""
    closed: list[Group] = []
    for path, group in groups.items():
        is_inside = any(path.startswith(f"{outer.path}/") for outer in closed)
        if path not in opened and not is_inside:
            closed.append(group)
    return closed


def group_to_toggle(groups: Mapping[str, Group], opened: Collection[str], name: str) -> str | None:
    """Return the path of the group to open or close at a node: the closed one that it is in, or the innermost open."""
    around = [group for group in groups.values() if name == group.owner or name in group.members]
    closed = [group.path for group in closed_groups(groups, opened) if group in around]
    return closed[0] if closed else around[-1].path if around else None
