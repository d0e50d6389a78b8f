"""The check of a scenario: every node at the values of its run, the network as a whole, and ``[expect]``."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import Parameter
from pathlib import Path

from bptui.core.check.expectations import check_expectations
from bptui.core.check.finding import Finding, Report, Verdict
from bptui.core.check.network import check_network
from bptui.core.check.node import check_node
from bptui.core.check.probe import FaultError
from bptui.core.check.subject import Subject, widened
from bptui.core.engine import Run
from bptui.core.graph import Node
from bptui.core.load import load
from bptui.core.own_layer import OwnLayer
from bptui.core.reading.signature import own_parameters
from bptui.core.scenario import Scenario
from layers import Layer


def check(scenario: Scenario | str | Path) -> Report:
    """Return all findings on a scenario, or on the one at a path or of a bundled name."""
    return check_scenario(scenario if isinstance(scenario, Scenario) else load(scenario))


def check_scenario(scenario: Scenario, *, is_whole: bool = False) -> Report:
    """Return all findings on a scenario; with ``is_whole`` every element of every input is looked at."""
    run = Run(scenario)
    run.finish()
    findings: list[Finding] = []
    for node in range(len(scenario.graph.nodes)):
        findings += check_node(subject_of(run, node), is_whole=is_whole)
    if not any(finding.verdict is Verdict.FAIL for finding in findings):
        findings += guarded_network(scenario)
    if scenario.expect:
        findings += check_expectations(run, scenario.expect)
    return Report(scenario.title, tuple(findings))


def guarded_network(scenario: Scenario) -> Iterator[Finding]:
    """Yield what the network as a whole has to say; one whose layers refuse other values has nothing to say."""
    try:
        yield from check_network(scenario)
    except FaultError as fault:
        yield Finding(scenario.graph.output, None, None, "network", Verdict.SKIP, reason=fault.reason)


def subject_of(run: Run, node: int, iteration: int = 0) -> Subject:
    """Return a node as something to check, with the values of an iteration (from 0)."""
    scenario = run.scenario
    it = scenario.graph.nodes[node]
    layer = scenario.library[it.layer]
    slots = slots_of(layer, it)
    values = run.iterations[iteration].values
    takes = [
        flag and slot not in layer.targets for flag, slot in zip(scenario.takes_gradient[node], slots, strict=True)
    ]
    return Subject(
        node=it.name,
        layer=it.layer,
        make=lambda: run.fresh_layer(node),
        names=it.inputs,
        slots=slots,
        inputs=tuple([widened(values[slot]) for slot in scenario.graph.edges[node]]),
        takes_gradient=tuple(takes),
        dtype=scenario.dtype,
    )


def slots_of(layer: type[Layer] | OwnLayer, node: Node) -> tuple[str, ...]:
    """Return what a layer's forward calls the inputs of a node; nothing where it takes any number of them."""
    if isinstance(layer, OwnLayer):
        return layer.share(len(node.inputs), node.options).slots
    names = [it.name for it in own_parameters(layer, "forward") if it.kind is not Parameter.VAR_POSITIONAL]
    return tuple([names[at] if at < len(names) else "" for at in range(len(node.inputs))])
