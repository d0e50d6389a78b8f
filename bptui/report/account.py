"""The readable account of a run: every step with its equation and its numbers, fit to be handed out in class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bptui.core import text
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.step import BackwardStep, ForwardStep, Step, UpdateStep
from bptui.core.tape import Tape
from bptui.explaining.equations import (
    Equation,
    forward_equation,
    gradient_equations,
    sum_equation,
    update_equation,
)
from bptui.explaining.formula_words import inline
from bptui.explaining.value_state import takes_gradient
from bptui.report.line import Line
from bptui.report.numbers import array_lines, named_array, one_row
from bptui.report.suspect import Suspect, find_suspect
from bptui.report.training import training_lines
from bptui.running import Run
from layers import Array

HEADINGS = {Pass.FORWARD: "Forward", Pass.BACKWARD: "Backward", Pass.UPDATE: "Update"}

BACKWARD_KEY = "dout is the gradient that arrives at a node's output; d x is what the node sends back to its input x."


def account(run: Run) -> Iterator[Line]:
    """Yield the lines of the account of a run that is over; of one that has failed, as far as it came."""
    yield from opening(run)
    suspect = find_suspect(run.tape)
    if run.failure:
        for iteration in dict.fromkeys((1, len(run.tape.iterations))):
            yield from iteration_lines(run, iteration, suspect)
        yield from remark_lines(run)
        return
    if run.tape.order.iterations == 1:
        yield from iteration_lines(run, 1, suspect)
    else:
        yield from training_lines(run)
        for iteration in (1, run.tape.order.iterations):
            yield Line()
            yield Line(f"Iteration {iteration}", "title")
            yield from iteration_lines(run, iteration, suspect)
    yield from gradient_table(run.tape)
    if suspect is not None:
        yield Line()
        yield Line(suspect.told, "warning")
    yield from remark_lines(run)


def remark_lines(run: Run) -> Iterator[Line]:
    """Yield what there is to say of the user's own layers."""
    if run.remarks:
        yield Line()
    for remark, count in run.remarks.items():
        times = f" ({count} times)" if count > 1 else ""
        yield Line(f"▲ {text.visible(remark.node)}: {remark.text}{times}", "warning")


def opening(run: Run) -> Iterator[Line]:
    """Yield the title, what the scenario says of itself, and the values that are given."""
    scenario = run.scenario
    yield Line(text.visible(scenario.title), "title")
    if scenario.about:
        yield Line()
        for line in scenario.about.strip().splitlines():
            yield Line(text.visible(line, limit=1000))
    for heading, names in (("Inputs", run.graph.inputs), ("Parameters", run.graph.parameters)):
        if names:
            yield Line()
            yield Line(heading, "heading")
        for name in names:
            yield from named_array(name, scenario.values[name])


def iteration_lines(run: Run, iteration: int, suspect: Suspect | None) -> Iterator[Line]:
    """Yield every step of one iteration (from 1), pass by pass."""
    order = run.tape.order
    heading = None
    for number in range(order.start(iteration - 1) + 1, min(order.start(iteration), len(run.tape)) + 1):
        step = run.tape.step(number)
        if step.pass_ is not heading:
            heading = step.pass_
            yield from heading_lines(heading)
        yield from step_lines(run.tape.at(number), step)
        if suspect is not None and number == suspect.number:
            yield Line(f"▲ {suspect.told}", "warning", 4)


def heading_lines(pass_: Pass) -> Iterator[Line]:
    """Yield what stands above the steps of a pass."""
    yield Line()
    yield Line(HEADINGS[pass_], "heading")
    if pass_ is Pass.BACKWARD:
        yield Line(BACKWARD_KEY, "quiet", 2)


def step_lines(moment: Moment, step: Step) -> Iterator[Line]:
    """Yield one step, with its equations and numbers."""
    lead = f"{step.number:{len(str(len(moment.order)))}}  "
    match step:
        case ForwardStep():
            yield from equation_lines(lead, forward_equation(moment, step.name), step.out, "forward")
        case BackwardStep():
            yield from backward_lines(lead, moment, step)
        case UpdateStep():
            yield from equation_lines(lead, update_equation(moment, step.name), step.after, "update")


def backward_lines(lead: str, moment: Moment, step: BackwardStep) -> Iterator[Line]:
    """Yield a node's backward: what arrives, what leaves, and the gradients that are complete with it."""
    name = text.visible(step.name)
    if step.dout is None:
        yield Line(f"{lead}{name}: no gradient reaches it", "backward", 2)
        return
    dout = one_row(step.dout) or f"d {name}, {text.shape(step.dout)}"
    yield Line(f"{lead}{name}: dout = {dout}", "backward", 2)
    leaving = [gradient for gradient in step.gradients if gradient is not None]
    for equation, gradient in zip(gradient_equations(moment, step.name), leaving, strict=True):
        yield from equation_lines("", equation, gradient, "", indent=4 + len(lead))
    for source in dict.fromkeys(step.node.inputs):
        total = moment.gradient(source)
        if total is not None and not moment.awaits_gradient(source):
            yield from equation_lines("in all ", sum_equation(moment, source), total, "", indent=4 + len(lead))


def equation_lines(
    lead: str, equation: Equation | None, result: Array, role: str, *, indent: int = 2
) -> Iterator[Line]:
    """Yield an equation, and below it the result where it is too large to stand in it."""
    if equation is None:
        return
    note = f"  ({equation.note})" if equation.note else ""
    yield Line(f"{lead}{equation}{note}", role, indent)
    if inline(result) is None:
        yield from array_lines(result, indent=indent + len(lead) + 4)


def gradient_table(tape: Tape) -> Iterator[Line]:
    """Yield the gradient of every value after the last step."""
    yield Line()
    yield Line(f"Gradients of {text.visible(tape.graph.output)}", "heading")
    gradients = tape.gradients
    names = align_left(list(map(text.visible, gradients)))
    shapes = align_left(["" if it is None else text.shape(it) for it in gradients.values()])
    end = tape.at(len(tape))
    for name, label, size in zip(gradients, names, shapes, strict=True):
        told = tell_gradient(gradients[name]) if takes_gradient(end, name) else "labels, which take none"
        yield Line(f"{label}  {size}  {told}", indent=2)


def align_left(cells: Sequence[str]) -> list[str]:
    """Return cells made as wide as the widest."""
    width = max(map(len, cells))
    return [cell.ljust(width) for cell in cells]


def tell_gradient(gradient: Array | None) -> str:
    """Return a gradient in one line."""
    if gradient is None:
        return "none reaches it"
    if (row := one_row(gradient)) is not None:
        return row
    largest = float(np.abs(gradient).max(initial=0))
    return f"at most {text.number(largest)} in size, norm {text.number(float(np.linalg.norm(gradient)))}"
