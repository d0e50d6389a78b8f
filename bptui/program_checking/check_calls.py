"""Each node of a watched program by itself: checked in the program's process, on copies, with the values it had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bptui.checking.check_guest import read_finding
from bptui.checking.finding import Finding, Verdict
from bptui.checking.subject import Subject, widened
from bptui.checking.subject_record import subject_record
from bptui.core.text import visible
from bptui.errors import BptuiError
from bptui.own_layers.own_layer import TARGETS
from bptui.program_checking.call_job import CHECK
from bptui.program_checking.checked_program import CheckedProgram
from bptui.programs.event import BackwardCall
from bptui.programs.pass_graph import PassNode, WatchedPass
from bptui.programs.passed_gradients import DATA, PassedGradients, gives_derivative
from bptui.programs.program_facts import ProgramFacts
from layers import Array

LONGEST = 120.0
"""Seconds after which the check of one node is given up."""


@dataclass(frozen=True, eq=False)
class NodeCalls:
    """A node of a pass, and the first call back of it; ``place`` is the node's index in the graph."""

    watched: WatchedPass
    place: int
    node: PassNode
    backward: BackwardCall | None

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.node.name


def check_calls(program: CheckedProgram) -> Iterator[Finding]:
    """Yield the findings on each node, in the first pass in which it has gone back; a caution where it never has."""
    for calls in first_calls(program):
        yield from check_node_calls(program, calls)


def first_calls(program: CheckedProgram) -> list[NodeCalls]:
    """Return each node that is a call, in forward order, by its first pass with a call back, or else its first pass.

    Two objects of one name, as in two networks that are trained in turn, are two nodes; objects that live for a single
    pass are one. What has gone back under another name is left out where a pass only goes forward.
    """
    passes = program.watched.passes
    owners = Counter(owner for watched in passes for owner in {it.call.owner for it in watched.nodes if it.call})
    found: dict[tuple[str, int], NodeCalls] = {}
    for calls in (it for watched in passes for it in calls_of_pass(watched)):
        assert calls.node.call is not None
        owner = calls.node.call.owner
        key = calls.name, owner if owners[owner] > 1 else 0
        if key not in found or (found[key].backward is None and calls.backward is not None):
            found[key] = calls
    gone_back = {owner for (_, owner), it in found.items() if owner and it.backward is not None}
    return [
        it
        for (_, owner), it in found.items()
        if it.backward is not None or it.watched.backwards or owner not in gone_back
    ]


def calls_of_pass(watched: WatchedPass) -> Iterator[NodeCalls]:
    """Yield the nodes of a pass that are calls, each with its first call back."""
    backs: dict[int, BackwardCall] = {}
    for place, call in watched.backwards:
        backs.setdefault(place, call)
    for place, node in enumerate(watched.nodes):
        if node.call is not None:
            yield NodeCalls(watched, place, node, backs.get(place))


def check_node_calls(program: CheckedProgram, calls: NodeCalls) -> tuple[Finding, ...]:
    """Return the findings on one node."""
    if calls.backward is None:
        return never_back(program, calls)
    subject = subject_of_calls(program.facts, calls)
    try:
        answer = program.ask(CHECK, *subject.inputs, seconds=LONGEST, **asked_of(program, calls, subject))
        return findings_in(program, subject, answer)
    except BptuiError as error:
        return unknown(subject, error)


def begin_node_check(program: CheckedProgram, calls: NodeCalls, subject: Subject) -> int:
    """Let the check of a node begin, and return what the program knows its answer by. Raises BptuiError."""
    return program.begin(CHECK, *subject.inputs, **asked_of(program, calls, subject))


def never_back(program: CheckedProgram, calls: NodeCalls) -> tuple[Finding, ...]:
    """Return the caution about a node whose backward was never called, or only after watching had ended."""
    node = calls.node.node
    is_cut = calls.watched is program.watched.cut_pass
    why = "watching has ended before its backward" if is_cut else "its backward was never called"
    reason = f"{why}, so its gradients are not checked"
    return (Finding(node.name, node.layer, None, "raises", Verdict.SKIP, reason=reason),)


def asked_of(program: CheckedProgram, calls: NodeCalls, subject: Subject) -> dict[str, Any]:
    """Return what the program's process is asked about a node, beside its inputs."""
    assert calls.backward is not None
    return {
        "forward": calls.node.call.number if calls.node.call else 0,
        "backward": 0 if calls.node.call and calls.node.call.is_loss else calls.backward.number,
        "about": about_calls(program.facts, calls, subject),
    }


def findings_in(program: CheckedProgram, subject: Subject, answer: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return the findings that an answer tells of."""
    findings = [read_finding(subject, record, ()) for record in answer["findings"]]
    return tuple(shown_where(program.facts, it) for it in findings)


def unknown(subject: Subject, error: BptuiError) -> tuple[Finding, ...]:
    """Return the caution about a node whose check has not come back."""
    reason = visible(error.message, limit=500)
    return (Finding(subject.node, subject.layer, None, "raises", Verdict.SKIP, reason=reason),)


def shown_where(facts: ProgramFacts, finding: Finding) -> Finding:
    """Return a finding whose file is called as a person calls it."""
    where = finding.where
    return finding if where is None else replace(finding, where=where._replace(path=facts.shown(where.path)))


def subject_of_calls(facts: ProgramFacts, calls: NodeCalls) -> Subject:
    """Return what is checked, but for what makes it: that is in the program's process."""
    node, call = calls.node.node, calls.node.call
    assert call is not None
    slots = (*(str(call.inputs[at][0]) for at in calls.node.arguments), *calls.node.held)
    inputs = tuple(widened(it) for it in input_values(facts, calls))
    outs = [out.array for out in calls.node.outs]
    starts = is_last(calls) and (outs[0].size == 1 or is_reduced(facts, calls)) and starts_with_one(facts, calls)
    return Subject(
        node=node.name,
        layer=node.layer,
        make=never_made,
        names=node.inputs,
        slots=slots,
        inputs=inputs,
        takes_gradient=tuple(
            [x.dtype.kind == "f" and slot not in TARGETS for x, slot in zip(inputs, slots, strict=True)]
        ),
        dtype=outs[0].dtype if outs and outs[0].dtype.kind == "f" else np.dtype(np.float64),
        spared=tuple([at < len(calls.node.arguments) for at in range(len(inputs))]),
        sought=tuple(["" if at < len(calls.node.arguments) else f"self.d{slots[at]}" for at in range(len(inputs))]),
        is_last=starts,
        is_judged_nearby=starts,
        outputs=node.outputs if len(node.outputs) > 1 else (),
        ignored=ignored_outputs(facts, calls),
    )


def ignored_outputs(facts: ProgramFacts, calls: NodeCalls) -> tuple[str, ...]:
    """Return those of several outputs for which a call back is handed no gradient."""
    if len(calls.node.outs) < 2 or calls.backward is None:
        return ()
    count = PassedGradients(facts, calls.watched).dout_count(calls.backward, calls.node)
    return calls.node.node.outputs[count:]


def is_last(calls: NodeCalls) -> bool:
    """Return whether no node uses what a node has made: a backward pass may start there."""
    graph = calls.watched.graph
    return not any(graph.uses[slot] for slot in graph.slots_of(calls.place))


def is_reduced(facts: ProgramFacts, calls: NodeCalls) -> bool:
    """Return whether a loss gives a number for each sample, and starts the backward pass for their mean or sum."""
    assert calls.backward is not None
    outs = calls.node.outs
    is_of_samples = is_last(calls) and len(outs) == 1 and outs[0].array.ndim == 1 and outs[0].array.size > 1
    return is_of_samples and not PassedGradients(facts, calls.watched).douts(calls.backward, calls.node)


def has_unknown_loss(facts: ProgramFacts, calls: NodeCalls) -> bool:
    """Return whether a call back is handed no gradient, though the value that it goes back from is no loss.

    A derivative is what it is. One number is no loss, either, where the call back is handed what the forward was not:
    the targets.
    """
    backward, outs = calls.backward, calls.node.outs
    assert backward is not None
    assert calls.node.call is not None
    passed = PassedGradients(facts, calls.watched)
    if gives_derivative(calls.node):
        return False
    if calls.node.call.is_loss or len(outs) != 1 or passed.douts(backward, calls.node):
        return False
    if outs[0].array.size == 1:
        roles = zip(backward.parameters, passed.roles(backward, calls.node), strict=False)
        return any(name in DATA and role is None for name, role in roles)
    return not is_reduced(facts, calls)


def never_made() -> Any:
    """Raise AssertionError: what is checked is made in the program's process."""
    raise AssertionError("made in the program's process")


def input_values(facts: ProgramFacts, calls: NodeCalls) -> Iterator[Array]:
    """Yield the values of a node's inputs as they were when its forward began: of numbers, floats."""
    call = calls.node.call
    assert call is not None
    held = {str(spot): int(number) for spot, _, number in call.held}
    numbers = [*(int(call.inputs[at][1]) for at in calls.node.arguments), *(held[spot] for spot in calls.node.held)]
    yield from (np.asarray(facts.values[number].recorded) for number in numbers)


def starts_with_one(facts: ProgramFacts, calls: NodeCalls) -> bool:
    """Return whether the backward pass starts at a node, and with 1."""
    assert calls.backward is not None
    douts = PassedGradients(facts, calls.watched).douts(calls.backward, calls.node)
    return all(it is not None and bool((it.array == 1).all()) for it in douts)


def about_calls(facts: ProgramFacts, calls: NodeCalls, subject: Subject) -> dict[str, Any]:
    """Return what is to be said of a node beside its inputs, as plain JSON."""
    return {
        **subject_record(subject),
        "has_unknown_loss": has_unknown_loss(facts, calls),
        "values": shared_out(facts, calls),
    }


def shared_out(facts: ProgramFacts, calls: NodeCalls) -> dict[str, Any]:
    """Return how a node's values are shared out between its two calls, as ``called_again.CallValues`` has it."""
    assert calls.node.call is not None
    arguments = [str(calls.node.call.inputs[at][0]) for at in calls.node.arguments]
    forwards = {"arguments": arguments, "held": list(calls.node.held)}
    if calls.backward is None:
        return {**forwards, "roles": [], "places": [None] * len(arguments)}
    passed = PassedGradients(facts, calls.watched)
    return {
        **forwards,
        "roles": [None if it is None else list(it) for it in passed.roles(calls.backward, calls.node)],
        "places": passed.places(calls.backward, calls.node),
        "reduction": "mean" if is_reduced(facts, calls) else "",
    }
