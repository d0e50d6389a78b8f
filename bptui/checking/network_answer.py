"""What the whole network says beside its nodes: which failure follows from which, and what is right in spite of them.

A leaf's gradient that is wrong because of a node is not a finding of its own. And one that is right although nodes on
its way are wrong tells most: two deviations cancel, as where a mean's 1/m is divided by in another layer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil, log10

from bptui.checking.finding import Finding, Verdict
from bptui.checking.verdicts import Judged, paths
from bptui.core.graph import Graph
from bptui.core.text import visible

FINEST = -10
"""The power of ten to which a gradient is said to be right at best."""


def beside_nodes(graph: Graph, nodes: Sequence[Finding], network: Sequence[Finding]) -> list[Finding]:
    """Return the network's findings, each with what it has to do with the failures of ``nodes``."""
    culprits = culprits_of(graph, nodes)
    related = [related_to(it, culprits.get(it.input or "")) for it in network]
    wrong = {it.node for it in nodes if it.verdict is Verdict.FAIL and it.rule == "gradient"}
    behind_wrong = {name: culprit for name, culprit in culprits.items() if culprit in wrong}
    return [*related, *cancelling(graph, related, behind_wrong)] if len(wrong) > 1 else related


def culprits_of(graph: Graph, nodes: Sequence[Finding]) -> dict[str, str]:
    """Return for each leaf the nearest node that has failed and that its gradient comes through, if there is one."""
    found = defaultdict(list)
    for finding in nodes:
        if finding.rule not in {"expect", "wiring"}:
            found[finding.node].append(finding)
    judged = {
        node.name: Judged(node.name, node.layer, 0, tuple(found[node.name]))
        for node in graph.nodes
        if node.name in found
    }
    ways = paths(graph, judged)
    pairs = ((name, ways[graph.slots[name]].culprit) for name in graph.leaves)
    return {name: culprit for name, culprit in pairs if culprit is not None}


def related_to(finding: Finding, culprit: str | None) -> Finding:
    """Return a finding of the network; one that follows from a node is told there, and does not count again."""
    if culprit is None or finding.verdict is not Verdict.FAIL:
        return finding
    reason = f"wrong, which follows from {visible(culprit)}: the gradient of {visible(finding.input or '')} comes"
    return replace(finding, verdict=Verdict.SKIP, reason=f"{reason} through it", ladder=(), follows=culprit)


def cancelling(graph: Graph, network: Sequence[Finding], culprits: dict[str, str]) -> Iterator[Finding]:
    """Yield a finding that says so where the gradients behind wrong nodes are right all the same."""
    behind = [it for it in network if it.input in culprits]
    right = [visible(it.input or "") for it in behind if it.verdict is Verdict.PASS and it.input in graph.parameters]
    if not right or any(it.verdict is not Verdict.PASS for it in behind):
        return
    digits = precision(it for it in behind if it.input in graph.parameters)
    verb = "gradient of {} is" if len(right) == 1 else "gradients of {} are"
    told = f"the {verb.format(', '.join(right))} right to 1e{digits:03d}"
    reason = f"{told}; your layers share the work otherwise than forward does"
    yield Finding(graph.output, None, None, "network", Verdict.PASS, reason=reason)


def precision(findings: Iterator[Finding]) -> int:
    """Return the power of ten to which all gradients were seen to be right."""
    worst = 0.0
    for finding in findings:
        if finding.worst and finding.worst.numeric:
            worst = max(worst, abs(finding.worst.analytic - finding.worst.numeric) / abs(finding.worst.numeric))
    return max(FINEST, ceil(log10(worst))) if worst else FINEST
