"""Values that lead nowhere: no gradient comes back to them, and that is said once, at the last of them."""

from __future__ import annotations

from collections.abc import Iterator

from bptui.checking.finding import Finding, Verdict
from bptui.core.graph import UNNAMED, Graph
from bptui.core.text import visible

RULE = "wiring"


def unused_values(graph: Graph) -> Iterator[Finding]:
    """Yield a finding for each value that nobody uses; what leads only there follows from it."""
    reached = {slot for node in graph.backward for slot in graph.edges[node]}
    for name, uses in zip(graph.names, graph.uses, strict=True):
        if uses or name == graph.output or UNNAMED in name:
            continue
        node = graph.node(name)
        behind = only_behind(graph, name, reached)
        more = f", and with it none to {' and '.join(map(visible, behind))}" if behind else ""
        reason = f"{visible(name)} is used by no one: no gradient comes back to it{more}"
        yield Finding(name, node.layer if node else None, None, RULE, Verdict.SKIP, reason=reason)


def only_behind(graph: Graph, name: str, reached: set[int]) -> list[str]:
    """Return the parameters that lead nowhere but to an unused value; ``reached`` are the slots that lead elsewhere."""
    node = graph.node(name)
    seen: set[str] = set()
    waiting = list(node.inputs) if node else []
    while waiting:
        it = waiting.pop()
        if it in seen or graph.slots[it] in reached:
            continue
        seen.add(it)
        before = graph.node(it)
        waiting += before.inputs if before else ()
    return [it for it in graph.parameters if it in seen]
