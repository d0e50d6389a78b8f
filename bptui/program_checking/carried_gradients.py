"""Gradients that are not set to zero: what is left of one iteration is in the next one's, and in its update.

Gradients that are added up over several backward passes on purpose are updated with once, afterwards. Accused is only
what is added to a gradient with which the parameter has been updated already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from bptui.checking.finding import Finding, Verdict
from bptui.core.text import visible
from bptui.errors import Location
from bptui.program_checking.check_calls import NodeCalls
from bptui.program_checking.checked_program import CheckedProgram
from bptui.program_checking.repeated_calls import is_same_arithmetic, repeat_calls
from bptui.programs.pass_graph import WatchedPass
from layers import Array

RULE = "wiring"
MISTAKE = "gradients not set to zero"


class LeftGradient(NamedTuple):
    """The gradient that a call back has left for a parameter, whose value it was then, and where it was called."""

    gradient: Array
    value: Array
    place: Location | None


def carried_gradient_findings(program: CheckedProgram) -> Iterator[Finding | None]:
    """Yield a finding for each node whose parameters' gradients are added to those of the iteration before.

    None is yielded where one may pause.
    """
    left: dict[tuple[int, str], LeftGradient] = {}
    seen: set[str] = set()
    for iteration, watched in enumerate(program.watched.passes):
        latest: dict[tuple[int, str], LeftGradient] = {}
        for calls in calls_back(watched):
            name = calls.name
            yield None
            if name not in seen and (finding := judged_gradients(program, calls, left)) is not None:
                seen.add(name)
                yield replace(finding, since=iteration)
            latest |= gradients_left(program, calls)
        left |= latest


def calls_back(watched: WatchedPass) -> Iterator[NodeCalls]:
    """Yield the calls back of a pass that leave gradients for what their objects hold."""
    for place, backward in watched.backwards:
        node = watched.nodes[place]
        if node.call is not None and node.held and backward.owner:
            yield NodeCalls(watched, place, node, backward)


def gradients_left(program: CheckedProgram, calls: NodeCalls) -> dict[tuple[int, str], LeftGradient]:
    """Return, by object and spot, the gradients that a call back has left there."""
    assert calls.node.call is not None
    assert calls.backward is not None
    values, line = program.facts.values, program.facts.where(calls.backward.site)
    held = {str(spot): values[number].array for spot, _, number in calls.node.call.held}
    owner = calls.node.call.owner
    return {
        (owner, str(spot)): LeftGradient(values[number].array, held[str(spot)], line)
        for spot, number in calls.backward.held_gradients
        if str(spot) in held
    }


def judged_gradients(
    program: CheckedProgram, calls: NodeCalls, left: dict[tuple[int, str], LeftGradient]
) -> Finding | None:
    """Return the finding on a call back that adds to what is ``left`` of an iteration before, if it does."""
    now = gradients_left(program, calls)
    before = {key: left[key] for key in now if key in left}
    updated = {key: it for key, it in before.items() if not np.array_equal(it.value, now[key].value)}
    suspects = {
        key: it for key, it in updated.items() if it.gradient.any() and it.gradient.shape == now[key].gradient.shape
    }
    if not suspects:
        return None
    fresh = repeat_calls(program, calls, zeroed=True)
    if fresh is None:
        return None
    own = dict(zip(calls.node.held, fresh.after, strict=False))
    carried = [
        key for key, it in suspects.items() if key[1] in own and is_carried(now[key].gradient, own[key[1]], it.gradient)
    ]
    return (
        carried_finding(calls, [spot for _, spot in carried], before[carried[0]], now[carried[0]]) if carried else None
    )


def is_carried(now: Array, own: Array, before: Array) -> bool:
    """Return whether a gradient is what belongs to its call and what was there before, and not the former alone.

    Gradients that are next to nothing, as behind saturated layers, would be added without a trace.
    """
    is_sum = own.any() and is_same_arithmetic(now, own + before)
    return bool(is_sum and not is_same_arithmetic(now, own))


def carried_finding(calls: NodeCalls, spots: Sequence[str], before: LeftGradient, now: LeftGradient) -> Finding:
    """Return the finding on gradients that are carried over."""
    node = calls.node.node
    names = ", ".join(map(visible, spots))
    again = f"{before.place}" if before.place != now.place else f"{before.place}, the time before"
    reason = (
        f"the backward of {visible(node.name)} ({now.place}) adds to the gradient of {names} that is left of the "
        f"iteration before ({again}), with which the parameters were updated already; set it to 0 first"
    )
    return Finding(node.name, node.layer, None, RULE, Verdict.FAIL, reason=reason, mistake=MISTAKE, where=now.place)
