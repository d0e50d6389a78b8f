"""What a call back has returned, held against what it returns on a copy of its object as it was before the forward.

Where the two differ, something has changed in between: the object went forward again, and its cache is that of the
other call; or its parameters are others. A layer that draws at random, or that makes something else the second time,
is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from bptui.checking.finding import Finding, Verdict
from bptui.core.text import visible
from bptui.program_checking.check_calls import NodeCalls
from bptui.program_checking.checked_program import CheckedProgram
from bptui.program_checking.dout_words import called_backward
from bptui.program_checking.repeated_calls import Repeated, is_same_arithmetic, repeat_calls
from bptui.programs.backward_partners import forwards_of
from bptui.programs.event import ForwardCall
from layers import Array

RULE = "wiring"

Spotted: TypeAlias = tuple[int, str]
"""An object and the spot on it."""

MOST_OTHERS = 60
"""Other forwards of an object, the nearest before the call back, that may have left their cache."""


def stale_cache_findings(program: CheckedProgram) -> Iterator[Finding | None]:
    """Yield what is wrong with what calls back return, each mistake at a node once; None where one may pause."""
    seen: set[str] = set()
    left: dict[Spotted, Array] = {}
    for iteration, watched in enumerate(program.watched.passes):
        for place, backward in watched.backwards:
            node = watched.nodes[place]
            if node.call is None or node.call.is_loss:
                continue
            yield None
            if node.node.name not in seen:
                for finding in judged_call(program, NodeCalls(watched, place, node, backward), left):
                    seen.add(finding.node)
                    yield replace(finding, since=iteration)
            values = program.facts.values
            left |= {(node.call.owner, spot): values[number].array for spot, number in backward.held_gradients}


def judged_call(program: CheckedProgram, calls: NodeCalls, left: Mapping[Spotted, Array]) -> Iterator[Finding]:
    """Yield the finding on one call back, where it returned something else than on a copy of its object."""
    again = repeat_calls(program, calls)
    if again is None or not has_same_outs(calls, again):
        return
    if has_same_gradients(program, calls, again) and leaves_same_gradients(program, calls, left):
        return
    if (other := other_forward(program, calls, left)) is not None:
        yield stale_cache(program, calls, other)
    elif changed := changed_parameters(program, calls) or changed_arguments(program, calls):
        yield changed_before(program, calls, changed)


def leaves_same_gradients(
    program: CheckedProgram, calls: NodeCalls, left: Mapping[Spotted, Array], *, forward: int = 0
) -> bool:
    """Return whether what a call back left for its parameters is what it leaves once more, alone or added to before.

    ``left`` has, by object and spot, what the call back before has left.
    """
    assert calls.node.call is not None
    assert calls.backward is not None
    alone = repeat_calls(program, calls, forward=forward, zeroed=True)
    if alone is None:
        return True
    own = dict(zip(calls.node.held, alone.after, strict=False))
    for spot, number in calls.backward.held_gradients:
        if spot not in own or not np.isfinite(own[spot]).all():
            continue
        recorded, before = program.facts.values[number].array, left.get((calls.node.call.owner, spot))
        fits = is_same_arithmetic(recorded, own[spot])
        if not fits and (
            before is None or before.shape != own[spot].shape or not is_same_arithmetic(recorded, own[spot] + before)
        ):
            return False
    return True


def has_same_outs(calls: NodeCalls, again: Repeated) -> bool:
    """Return whether the forward has made the same once more."""
    pairs = zip(calls.node.outs, again.outs, strict=False)
    return len(again.outs) >= len(calls.node.outs) and all(is_same_arithmetic(out.array, it) for out, it in pairs)


def has_same_gradients(program: CheckedProgram, calls: NodeCalls, again: Repeated) -> bool:
    """Return whether a call back has returned what it returns once more."""
    assert calls.backward is not None
    recorded = [None if it is None else program.facts.values[it].array for it in calls.backward.gradients]
    pairs = zip(recorded, again.gradients, strict=False)
    return all(was is None or now is None or is_same_arithmetic(was, now) for was, now in pairs)


def other_forward(program: CheckedProgram, calls: NodeCalls, left: Mapping[Spotted, Array]) -> ForwardCall | None:
    """Return the forward of the same object, or function, whose gradient it is that was returned."""
    assert calls.node.call is not None
    assert calls.backward is not None
    number = calls.backward.number
    all_calls = (node.call for watched in program.watched.passes for node in watched.nodes if node.call)
    before = [it for it in forwards_of(calls.node.call, all_calls) if it.number < number]
    for it in sorted(before, key=lambda it: -it.number)[:MOST_OTHERS]:
        again = repeat_calls(program, calls, forward=it.number)
        if again is None or not has_same_gradients(program, calls, again):
            continue
        if leaves_same_gradients(program, calls, left, forward=it.number):
            return it
    return None


def changed_parameters(program: CheckedProgram, calls: NodeCalls) -> Sequence[str]:
    """Return the parameters that are others when the call back begins than when the forward began."""
    assert calls.node.call is not None
    assert calls.backward is not None
    values = program.facts.values
    before = {spot: values[number] for spot, _, number in calls.node.call.held}
    now = {spot: values[number] for spot, _, number in calls.backward.held}
    names = calls.node.node.inputs[len(calls.node.arguments) :]
    return [
        name
        for name, spot in zip(names, calls.node.held, strict=True)
        if spot in before and spot in now and not before[spot].equals(now[spot])
    ]


def changed_arguments(program: CheckedProgram, calls: NodeCalls) -> Sequence[str]:
    """Return the argument that was another when the call back used it: with its later value the gradients are right."""
    assert calls.node.call is not None
    values = program.facts.values
    for place, argument in enumerate(calls.node.arguments):
        parameter, number = calls.node.call.inputs[argument]
        token = values[number].event.token
        later = (it for it in values.values() if it.number > number and token and it.event.token == token)
        now = next((it for it in later if not it.equals(values[number])), None)
        if now is None or now.array.shape != values[number].array.shape:
            continue
        again = repeat_calls(program, calls, replaced={str(parameter): now.array})
        if again is not None and has_same_gradients(program, calls, again):
            return [calls.node.node.inputs[place]]
    return []


def stale_cache(program: CheckedProgram, calls: NodeCalls, other: ForwardCall) -> Finding:
    """Return the finding on a cache that is another call's."""
    assert calls.node.call is not None
    assert calls.backward is not None
    node, facts = calls.node.node, program.facts
    line = facts.where(calls.backward.site)
    own, others = facts.where(calls.node.call.site), facts.where(other.site)
    is_object = bool(calls.node.call.owner)
    why = "an object keeps what it needs of one forward only" if is_object else "that is the cache it was given"
    is_same_line = own == others
    there = f"{others}, called again" if is_same_line else str(others)
    reason = (
        f"what {called_backward(node)} returns ({line}) is the gradient of the forward in {there}, "
        f"and not of that in {own}, for whose value it is handed the gradient: {why}"
    )
    return Finding(
        node.name, node.layer, None, RULE, Verdict.FAIL, reason=reason, mistake="another call's cache", where=line
    )


def changed_before(program: CheckedProgram, calls: NodeCalls, changed: Sequence[str]) -> Finding:
    """Return the finding on parameters that were changed between the two passes."""
    assert calls.backward is not None
    node = calls.node.node
    names = ", ".join(map(visible, changed))
    where = program.facts.where(calls.backward.site)
    step = "was" if len(changed) == 1 else "were"
    reason = (
        f"{names} {step} changed between the forward of {visible(node.name)} ({node.call}) and its backward ({where}): "
        f"the gradient that it returns is that of no one network; update when all have gone back"
    )
    return Finding(
        node.name,
        node.layer,
        None,
        RULE,
        Verdict.FAIL,
        reason=reason,
        mistake="an update between the passes",
        where=where,
    )
