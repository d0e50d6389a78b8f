"""What a check of many nodes costs grows with their number, and not with its square."""

from __future__ import annotations

from collections.abc import Iterator

from bptui.checking.finding import Finding, Verdict
from bptui.checking.network_answer import culprits_of
from bptui.running import Run
from bptui.scenario.load import load


class Counted(list[Finding]):
    """Findings that count how often somebody goes through them."""

    passes = 0

    def __iter__(self) -> Iterator[Finding]:
        self.passes += 1
        return super().__iter__()


def test_the_culprits_are_found_in_one_pass_through_the_findings() -> None:
    graph = Run(load("two_layer")).graph
    findings = Counted(Finding(node.name, node.layer, None, "gradient", Verdict.FAIL) for node in graph.nodes)
    assert set(culprits_of(graph, findings)) >= {*graph.parameters, "x"}
    assert findings.passes == 1
