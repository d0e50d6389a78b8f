"""Updates that use another number than the parameter's gradient, where the others are plain gradient descent.

Where no plain rule is recognised, nothing is said: an optimizer may do anything.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from bptui.checking.finding import Finding, Verdict
from bptui.core.step import BackwardStep, UpdateStep
from bptui.core.tape import Tape
from bptui.core.text import number, visible
from bptui.errors import Location
from bptui.program_checking.checked_program import CheckedProgram
from bptui.programs.update_rules import ParameterChange, follows, learning_rate_of
from layers import Array

RULE = "wiring"
LOSS = re.compile("loss|error|entropy|cost|mse", re.IGNORECASE)
"""In the name of a layer, says that it makes what is to become less."""

FEWEST = 2
"""Parameters that follow a rule before another one is said not to."""


def wrong_update_findings(program: CheckedProgram) -> Iterator[Finding]:
    """Yield a finding for each parameter that is updated with another gradient than its own, once."""
    seen: set[str] = set()
    by_iteration: defaultdict[int, list[UpdateStep]] = defaultdict(list)
    for step in program.tape:
        if isinstance(step, UpdateStep) and step.gradient is not None:
            by_iteration[step.iteration].append(step)
    for iteration, steps in by_iteration.items():
        for finding in judged_updates(program.tape, iteration - 1, steps):
            if finding.node not in seen:
                seen.add(finding.node)
                yield replace(finding, since=iteration - 1)
    yield from summed_over_iterations(program.tape, by_iteration)


def judged_updates(tape: Tape, iteration: int, steps: Sequence[UpdateStep]) -> Iterator[Finding]:
    """Yield a finding for each update of an iteration that follows the others' rule with another gradient."""
    changes = {step.parameter: change_of(step) for step in steps}
    rates = {name: learning_rate_of(change) for name, change in changes.items()}
    counts = Counter(rate for rate in rates.values() if rate is not None)
    if not counts:
        yield from ascents(tape, iteration, steps)
    if not counts or counts.most_common(1)[0][1] < FEWEST:
        return
    rate = counts.most_common(1)[0][0]
    gradients = gradients_by_name(tape, iteration)
    for step in steps:
        name, change = step.parameter, changes[step.parameter]
        if rates[name] is not None or not change.gradient.any():
            continue
        if is_decay(change, rate):
            continue
        words = used_instead(name, change, rate, gradients)
        verdict = Verdict.SKIP if words is None else Verdict.FAIL
        told = words or f"uses another number than its gradient: {unlike_words(change, rate)}"
        told += f", where the others follow W ← W - {number(rate)} · dW" + "; right if that is meant" * (words is None)
        yield update_finding(step, verdict, told)


def ascents(tape: Tape, iteration: int, steps: Sequence[UpdateStep]) -> Iterator[Finding]:
    """Yield a finding for each parameter where all add their gradients, at one rate, though a loss is to become less.

    What is no loss by its name may be meant to become more.
    """
    graph = tape.order.passes(iteration).graph
    output = graph.node(graph.output)
    changes = map(change_of, steps)
    opposite = [learning_rate_of(it._replace(gradient=-it.gradient)) for it in changes]
    if output is None or not LOSS.search(output.layer) or len(opposite) < FEWEST:
        return
    if opposite[0] is None or any(it != opposite[0] for it in opposite):
        return
    for step in steps:
        told = f"adds its gradient instead of taking it away, W ← W + {number(opposite[0])} · dW"
        yield update_finding(step, Verdict.FAIL, f"{told}: {visible(output.name)} ({output.where}) grows")


def update_finding(step: UpdateStep, verdict: Verdict, told: str) -> Finding:
    """Return the finding on an update, with the line that has made it where that is known."""
    reason = f"the update of {visible(step.parameter)}{in_brackets(step.call)} {told}"
    mistake = "another gradient in the update"
    return Finding(step.parameter, None, None, RULE, verdict, reason=reason, mistake=mistake, where=step.call)


def change_of(step: UpdateStep) -> ParameterChange:
    """Return an update as a change by a gradient."""
    assert step.gradient is not None
    return ParameterChange(step.before, step.after, step.gradient)


def gradients_by_name(tape: Tape, iteration: int) -> dict[str, Array]:
    """Return the gradient of each value in an iteration, where there is one."""
    columns, graph = tape.iterations[iteration], tape.order.passes(iteration).graph
    totals = columns.totals or [None] * len(graph.names)
    return {name: np.asarray(it) for name, it in zip(graph.names, totals, strict=True) if it is not None}


def used_instead(name: str, change: ParameterChange, rate: float, gradients: dict[str, Array]) -> str | None:
    """Return what a parameter was updated with instead of its gradient, in words; None where that cannot be told."""
    if follows(change._replace(gradient=-change.gradient), rate, 0.0):
        return "adds its gradient instead of taking it away"
    for other, gradient in gradients.items():
        is_candidate = other != name and gradient.shape == change.before.shape and gradient.any()
        if is_candidate and follows(change._replace(gradient=gradient), rate, 0.0):
            return f"uses the gradient of {visible(other)} instead of its own"
    return None


def is_decay(change: ParameterChange, rate: float) -> bool:
    """Return whether an update follows the rule with a share of the parameter added to its gradient: weight decay."""
    surplus = -change.difference / rate - change.gradient
    if not change.before.any():
        return False
    place = int(np.abs(change.before).argmax())
    share = float(surplus.flat[place] / change.before.flat[place])
    return follows(change._replace(gradient=change.gradient + share * change.before), rate, 0.0)


def unlike_words(change: ParameterChange, rate: float) -> str:
    """Return the element at which an update is farthest from the rule, with what it uses and what the gradient is."""
    used = -change.difference / rate
    place = int(np.argmax(np.abs(used - change.gradient)))
    index = [int(at) for at in np.unravel_index(place, used.shape)]
    return (
        f"{number(float(used.flat[place]))} for {number(float(change.gradient.flat[place]))}"
        + f" at {index}" * bool(index)
    )


def summed_over_iterations(tape: Tape, by_iteration: dict[int, list[UpdateStep]]) -> Iterator[Finding]:
    """Yield a finding for each parameter whose every update uses the sum of its gradients so far.

    That is what momentum 1 would do, which nobody wants: the gradients are added up somewhere, and never set to 0.
    """
    by_name: defaultdict[str, list[UpdateStep]] = defaultdict(list)
    for steps in by_iteration.values():
        for step in steps:
            by_name[step.parameter].append(step)
    for name, steps in ((name, one) for name, several in by_name.items() for one in histories(several)):
        if len(steps) > 1 and is_summed([change_of(step) for step in steps]):
            where, made = steps[1].call, backward_line(tape, steps[1])
            what = f"the gradient that changes {visible(name)}{in_brackets(where)} in each iteration"
            sum_ = f"is the sum of those of all iterations so far{in_brackets(made)}"
            mistake = "gradients not set to zero"
            told = f"{what} {sum_}; set it to 0 first"
            yield Finding(name, None, None, RULE, Verdict.FAIL, reason=told, mistake=mistake, where=where)


def histories(steps: Sequence[UpdateStep]) -> list[list[UpdateStep]]:
    """Return the updates of one name by what they update: of networks that are trained in turn each has a ``W1``."""
    found: list[list[UpdateStep]] = []
    for step in steps:
        before = next((it for it in found if np.array_equal(it[-1].after, step.before)), None)
        if before is None:
            found.append([step])
        else:
            before.append(step)
    return found


def backward_line(tape: Tape, update: UpdateStep) -> Location | None:
    """Return where the backward is called that returns the gradient of an updated parameter, None if not known."""
    order = tape.order
    steps = tape[order.start(update.iteration - 1) : order.start(update.iteration)]
    backwards = (it for it in steps if isinstance(it, BackwardStep))
    return next((it.call for it in backwards if update.parameter in it.node.inputs), None)


def in_brackets(where: Location | None) -> str:
    """Return a place as it stands behind what is there, "" where it is not known."""
    return f" ({where})" if where else ""


def is_summed(changes: Sequence[ParameterChange]) -> bool:
    """Return whether each change is by the sum of all gradients so far, at one rate."""
    rate = learning_rate_of(changes[0])
    if rate is None:
        return False
    total = changes[0].gradient
    for change in changes[1:]:
        if not change.gradient.any():
            return False
        total = total + change.gradient
        if not follows(change._replace(gradient=total), rate, 0.0):
            return False
    return True
