"""Searching a graph: which values match, and which of them comes next."""

from __future__ import annotations

from collections.abc import Sequence

from bptui.core.graph import UNNAMED, Graph


def matching_names(graph: Graph, text: str) -> list[str]:
    """Return the values whose name or layer contains ``text``, whatever the case, in graph order."""
    wanted = text.casefold()
    layers = dict.fromkeys(graph.leaves, "") | {name: node.layer for node in graph.nodes for name in node.outputs}
    found = [name for name, layer in layers.items() if wanted in name.casefold() or wanted in layer.casefold()]
    return [name for name in found if UNNAMED not in name]


def next_match(graph: Graph, found: Sequence[str], name: str | None, direction: int) -> str | None:
    """Return the match after (1) or before (-1) ``name`` in graph order, going round; None where there is none."""
    if not found:
        return None
    here = graph.slots[name] if name is not None else -1
    if direction > 0:
        return next((match for match in found if graph.slots[match] > here), found[0])
    return next((match for match in reversed(found) if graph.slots[match] < here), found[-1])
