"""What is selected, and the ways to select something else: along the wires, by a search, or with the next step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bptui.core.graph import Graph
from bptui.core.text import visible
from bptui.session import search
from bptui.session.neighbours import Tour


class Selection:
    """The selected value's ``name``. While ``is_following``, every step selects its own.

    Whatever selects returns what there is to say of it, nothing in most cases.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tour = Tour(graph)
        self.name: str | None = None
        self.is_following = True
        self.matches: Sequence[str] = ()

    def choose(self, name: str | None) -> None:
        """Select a value, until the next step selects its own."""
        self.name = name
        self.is_following = False

    def consumer(self, count: int) -> str:
        """Select the ``count``-th consumer along the wires."""
        return self.walk(self.tour.consumer, count, "nothing uses it")

    def producer(self, count: int) -> str:
        """Select the ``count``-th producer along the wires."""
        return self.walk(self.tour.producer, count, "it is given, not computed")

    def walk(self, way: Callable[[str], str | None], count: int, otherwise: str) -> str:
        """Select what lies that way, ``count`` times, or as often as there is something."""
        name, said = self.name or self.graph.nodes[0].name, ""
        for _ in range(count):
            following = way(name)
            if following is None:
                said = f"{visible(name, limit=40)}: {otherwise}"
                break
            name = following
        self.choose(name)
        return said

    def search(self, text: str) -> str:
        """Find every match, and select the nearest; nothing where there is none."""
        self.matches = search.matches(self.graph, text)
        return self.match(1, 1) if self.matches else ""

    def match(self, count: int, direction: int) -> str:
        """Select the ``count``-th match from here."""
        name = self.name
        for _ in range(count):
            name = search.neighbour(self.graph, self.matches, name, direction)
        if name is None or not self.matches:
            return "nothing searched for yet: / searches"
        self.choose(name)
        return f"{visible(name, limit=40)}: match {self.matches.index(name) + 1} of {len(self.matches)}"
