"""What is selected, and the ways to select something else: along the wires, by a search, or with the next step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bptui.core.graph import Graph
from bptui.core.text import visible
from bptui.core.verbs.selection import SearchNames
from bptui.session import search
from bptui.session.answer import Answer, WayOn, refusal
from bptui.session.neighbours import Neighbours


class Selection:
    """The selected value's ``name``. While ``is_following``, every step selects its own."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.neighbours = Neighbours(graph)
        self.name: str | None = None
        self.is_following = True
        self.matches: Sequence[str] = ()

    def choose(self, name: str) -> None:
        """Select a value, until the next step selects its own."""
        self.name = name
        self.is_following = False

    def follow(self, name: str | None) -> None:
        """Select the value of the step at the cursor, unless another was chosen since the last command."""
        if self.is_following:
            self.name = name

    def consumer(self, count: int) -> Answer:
        """Select the ``count``-th consumer along the wires."""
        return self.walk(self.neighbours.consumer, count, "nothing uses it")

    def producer(self, count: int) -> Answer:
        """Select the ``count``-th producer along the wires."""
        return self.walk(self.neighbours.producer, count, "it is given, not computed")

    def walk(self, way: Callable[[str], str | None], count: int, otherwise: str) -> Answer:
        """Select what lies that way, ``count`` times, or as often as there is something."""
        name = self.name or self.graph.nodes[0].name
        for _ in range(min(count, len(self.graph.names))):
            following = way(name)
            if following is None:
                self.choose(name)
                return refusal(f"{visible(name, limit=40)}: {otherwise}")
            name = following
        self.choose(name)
        return Answer()

    def search(self, text: str) -> Answer:
        """Find every match, and select the nearest."""
        self.matches = search.matching_names(self.graph, text)
        return self.match(1, 1) if self.matches else refusal(f"nothing is called {visible(text, limit=40)}")

    def match(self, count: int, direction: int) -> Answer:
        """Select the ``count``-th match from here, after (1) or before (-1) it."""
        if not self.matches:
            return refusal("nothing searched for yet", WayOn(SearchNames, "searches"))
        name = self.name
        for _ in range(count % len(self.matches) or len(self.matches)):
            name = search.next_match(self.graph, self.matches, name, direction)
        assert name is not None
        self.choose(name)
        return Answer(f"{visible(name, limit=40)}: match {self.matches.index(name) + 1} of {len(self.matches)}")
