"""Walking the graph from value to value: up to a consumer, down to a producer, a different one each time."""

from __future__ import annotations

from collections.abc import Sequence

from bptui.core.graph import Graph


class Neighbours:
    """Remembers at each value which way was taken last, so that the same key at the same place tries the next."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.taken: dict[tuple[str, str], int] = {}

    def consumer(self, name: str) -> str | None:
        """Return a node that uses ``name``, or None where nothing does."""
        nodes = [self.graph.nodes[use.node].name for use in self.graph.uses[self.graph.slots[name]]]
        return self.next("consumer", name, list(dict.fromkeys(nodes)))

    def producer(self, name: str) -> str | None:
        """Return a value that the node ``name`` uses, or None for a leaf."""
        node = self.graph.node(name)
        return self.next("producer", name, list(dict.fromkeys(node.inputs))) if node else None

    def next(self, way: str, name: str, choices: Sequence[str]) -> str | None:
        """Return the choice after the one taken last time."""
        if not choices:
            return None
        place = (self.taken.get((way, name), -1) + 1) % len(choices)
        self.taken[way, name] = place
        return choices[place]
