"""How a person looks at the circuit: at which scale, and which composites are folded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bptui.circuit import Folding, Scale, closed_groups, composites, find_groups, fold, unfolded
from bptui.core.graph import Graph
from bptui.deferred_dataclass import dataclass


@dataclass(frozen=True)
class CircuitView:
    """``scale`` is the one that was asked for, None as long as the graph's size decides.

    ``toggled`` are the composites that are not as the scale has them: opened among boxes, closed elsewhere; and the
    groups of a program that are open, by their paths: they are closed at first. Once ``is_arranged``, a person has
    chosen them, and nothing else is.
    """

    scale: Scale | None = None
    toggled: frozenset[str] = frozenset()
    is_arranged: bool = False

    def candidates(self, graph: Graph) -> Iterator[CircuitView]:
        """Yield the views, each at a scale, of which the first that fits is to be drawn: what says most comes first.

        Numbers say more than parts of formulas: where a whole graph does not fit, it may with its composites folded.
        """
        for scale in (self.scale,) if self.scale else Scale:
            yield self.at(scale)
            found = composites(graph) if scale is Scale.WHOLE and not self.is_arranged else {}
            if found and not find_groups(graph):
                yield replace(self, scale=scale, toggled=frozenset(found))

    def at(self, scale: Scale) -> CircuitView:
        """Return the view at another scale."""
        return replace(self, scale=scale)

    def toggle(self, composite: str) -> CircuitView:
        """Return the view with a composite opened that was closed, or the other way round."""
        return replace(self, toggled=self.toggled ^ {composite}, is_arranged=True)

    def is_closed(self, composite: str, scale: Scale) -> bool:
        """Return whether a composite is drawn as one node."""
        return (scale is Scale.BOXES) != (composite in self.toggled)

    def folding(self, graph: Graph, scale: Scale) -> Folding:
        """Return ``graph`` as this view has it at a scale."""
        if groups := find_groups(graph):
            closed = closed_groups(groups, self.toggled)
            return fold(graph, {it.owner: it.members for it in closed}, {it.owner: it.title for it in closed})
        if scale is not Scale.BOXES and not self.toggled:
            return unfolded(graph)
        return fold(graph, self.closed(composites(graph), scale))

    def closed(self, found: Mapping[str, tuple[str, ...]], scale: Scale) -> Mapping[str, tuple[str, ...]]:
        """Return those of the composites ``found`` that are closed."""
        return {name: members for name, members in found.items() if self.is_closed(name, scale)}
