"""The check of a scenario: every node at the values of its run, the network as a whole, and ``[expect]``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from inspect import Parameter
from pathlib import Path
from typing import TypeAlias

import numpy as np

from bptui.checking.check_expectations import check_expectations
from bptui.checking.check_independence import check_independence
from bptui.checking.check_network import check_network
from bptui.checking.check_node import check_node
from bptui.checking.check_uses import unused_values
from bptui.checking.fault import FaultError
from bptui.checking.finding import Finding, Report, Verdict
from bptui.checking.known_kinds import KnownKinds
from bptui.checking.marks import marks_of
from bptui.checking.network_answer import beside_nodes
from bptui.checking.subject import Subject, widened
from bptui.core.graph import Node
from bptui.core.text import visible
from bptui.errors import UnansweredError
from bptui.guest.observation import unpaired_at
from bptui.own_layers.own_layer import OwnLayer
from bptui.running import Run
from bptui.scenario.load import load, loads
from bptui.scenario.reading.signature import own_parameters
from bptui.scenario.scenario import Scenario
from layers import Layer

BUILT_IN = "built in"
"""What is said of a layer that the user did not write."""


Progress: TypeAlias = Callable[[int, int], None]


def ignore_progress(done: int, total: int) -> None:
    """Take no notice of how far a check has come."""


def check(scenario: Scenario | str | Path, *, layers: Sequence[str | Path] = ()) -> Report:
    """Return all findings on a scenario, or on the one at a path or of a bundled name.

    ``layers`` are files with layers of the user's own, which this allows to run. Raises ScenarioError.
    """
    if not isinstance(scenario, Scenario):
        scenario = load(scenario, layers=layers)
    elif layers:
        scenario = loads(scenario.source, scenario.path, layers=layers)
    return check_scenario(scenario)


def check_scenario(scenario: Scenario, *, is_whole: bool = False, progress: Progress = ignore_progress) -> Report:
    """Return all findings on a scenario; with ``is_whole`` every element of every input is looked at.

    ``progress`` is told, after each node, how many of how many have been checked.
    """
    run = Run(scenario)
    try:
        run.finish()
        findings: list[Finding] = []
        count = len(run.graph.nodes)
        known = None if is_whole else KnownKinds()
        for node in range(count):
            findings += check_at(run, node, is_whole=is_whole, known=known)
            progress(node + 1, count)
        findings += [*unused_values(run.graph), *built_in_by_mistake(scenario)]
        if not run.failure:
            findings += beside_nodes(run.graph, findings, check_whole(scenario))
        if scenario.expect:
            findings += check_expectations(run.tape, scenario.expect)
            findings += check_independence(scenario)
    finally:
        run.close()
    origins = {node.name: node.origin or BUILT_IN for node in run.graph.nodes}
    return Report(scenario.title, tuple(findings), origins, marks_of(run.graph, scenario.lesson.points, findings))


def built_in_by_mistake(scenario: Scenario) -> Iterator[Finding]:
    """Yield a caution for each node with a built-in layer where the user's file gives one of nearly the same name."""
    for node in scenario.graph.nodes:
        if other := scenario.meant_instead.get(node.layer):
            reason = f"this is the built-in {visible(node.layer)}; your file gives {other}, which no formula uses"
            yield Finding(node.name, node.layer, None, "origin", Verdict.SKIP, reason=reason)


def check_at(
    run: Run, node: int, *, iteration: int = 0, is_whole: bool = False, known: KnownKinds | None = None
) -> tuple[Finding, ...]:
    """Return the findings on a node with the values of an iteration (from 0), as far as the run has come.

    With ``known`` a built-in layer of a kind that was found right is not linted again.
    """
    it = run.graph.nodes[node]
    values = run.tape.iterations[iteration].values
    if len(values) <= max(run.graph.edges[node], default=0):
        reason = "the run has not come this far" + f": {failing_node(run)} fails before it" * bool(run.failure)
        return (Finding(it.name, it.layer, None, "raises", Verdict.SKIP, reason=reason),)
    if run.failure and (len(values) == run.graph.slot_of(node) or is_known_to_hang(run, it, iteration)):
        reason = visible(run.failure.message, limit=500)
        where = run.failure.where
        place = f" ({where})" if where else ""
        return (Finding(it.name, it.layer, None, "raises", Verdict.FAIL, reason=reason + place, where=where),)
    subject = subject_of(run, node, iteration)
    if node not in run.scenario.guests:
        if known is not None:
            return known.check(subject, it)
        return check_node(subject, is_whole=is_whole)
    from bptui.checking.check_guest import check_guest  # noqa: PLC0415  (few scenarios have guests)

    return check_guest(subject, run.guest(node, iteration), is_whole=is_whole)


def is_known_to_hang(run: Run, node: Node, iteration: int) -> bool:
    """Return whether a node's backward was given up in an iteration: to wait once more would tell nothing new."""
    if not isinstance(run.failure, UnansweredError):
        return False
    turn = run.tape.order[len(run.tape) + 1]
    return (turn.name, turn.iteration) == (node.name, iteration + 1)


def failing_node(run: Run) -> str:
    """Return the name of the node at which a run's forward has failed."""
    reached = run.graph.nodes_within(len(run.tape.iterations[-1].values))
    return visible(run.graph.nodes[min(reached, len(run.graph.nodes) - 1)].name)


def check_whole(scenario: Scenario) -> list[Finding]:
    """Return what the network as a whole has to say; one whose layers refuse other values has nothing to say."""
    try:
        return list(check_network(scenario))
    except FaultError as fault:
        return [Finding(scenario.graph.output, None, None, "network", Verdict.SKIP, reason=fault.reason)]


def subject_of(run: Run, node: int, iteration: int = 0) -> Subject:
    """Return a node as something to check, with the values of an iteration (from 0)."""
    scenario = run.scenario
    it = scenario.graph.nodes[node]
    layer = scenario.library[it.layer]
    slots = slots_of(layer, it)
    inputs = tuple(map(widened, run.tape.inputs(iteration, node)))
    ignored = ignored_by(layer, it) if isinstance(layer, OwnLayer) else ()
    takes = zip(scenario.takes_gradient[node], slots, inputs, strict=True)
    return Subject(
        node=it.name,
        layer=it.layer,
        make=lambda: run.fresh_layer(node, iteration),
        names=it.inputs,
        slots=slots,
        inputs=inputs,
        takes_gradient=tuple([flag and sends_back(layer, slot) and x.dtype.kind == "f" for flag, slot, x in takes]),
        dtype=scenario.dtype,
        spared=tuple([not needs for needs in scenario.needs_gradient[node]]) if isinstance(layer, OwnLayer) else (),
        sought=sought_by(layer, it) if isinstance(layer, OwnLayer) else (),
        unpaired=dict(unpaired_at(it.name, scenario.unpaired.get(it.name, ()))),
        is_last=is_loss(run, it.name, iteration),
        outputs=it.outputs if len(it.outputs) > 1 else (),
        ignored=ignored,
        lost=tuple([name for name in ignored if has_gradient(run, name, iteration)]),
    )


def is_loss(run: Run, name: str, iteration: int) -> bool:
    """Return whether a node is the output and one number, used by no other, and the dout that enters there is 1."""
    slot = run.graph.slots[name]
    if name != run.graph.output or run.graph.uses[slot] or len(run.graph.nodes[-1].outputs) > 1:
        return False
    values = run.tape.iterations[iteration].values
    return slot < len(values) and np.size(values[slot]) == 1 and bool((run.scenario.dout == 1).all())


def sought_by(layer: OwnLayer, node: Node) -> tuple[str, ...]:
    """Return for each input of a node where its gradient is looked for; nothing where backward returns it."""
    share = layer.share_at(node)
    return (*[""] * len(share.inputs), *[f"self.d{name} and self.grads" for name in share.held + share.made])


def ignored_by(layer: OwnLayer, node: Node) -> tuple[str, ...]:
    """Return those of a node's outputs whose gradients its backward does not take."""
    taken = layer.share_at(node).taken
    return tuple([name for place, name in enumerate(node.outputs) if taken and place not in taken])


def has_gradient(run: Run, name: str, iteration: int) -> bool:
    """Return whether a gradient that is not 0 has come back to a value in an iteration."""
    totals = run.tape.iterations[iteration].totals
    total = totals[run.graph.slots[name]] if totals else None
    return total is not None and bool(np.any(total))


def sends_back(layer: type[Layer] | OwnLayer, slot: str) -> bool:
    """Return whether a layer is to send a gradient back to the input that it calls ``slot``."""
    if isinstance(layer, OwnLayer):
        return slot not in layer.targets
    return slot in layer.rules or (not slot and bool(layer.rules))


def slots_of(layer: type[Layer] | OwnLayer, node: Node) -> tuple[str, ...]:
    """Return what a layer's forward calls the inputs of a node; nothing where it takes any number of them."""
    if isinstance(layer, OwnLayer):
        return layer.share_at(node).slots
    names = [it.name for it in own_parameters(layer, "forward") if it.kind is not Parameter.VAR_POSITIONAL]
    return tuple([names[at] if at < len(names) else "" for at in range(len(node.inputs))])
