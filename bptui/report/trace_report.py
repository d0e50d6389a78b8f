"""The trace of a run to be read: every step with its equation and its numbers, fit to be handed out in class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from bptui.checking.check_uses import unused_values
from bptui.core import text
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.step import BackwardStep, ForwardStep, Step, UpdateStep
from bptui.core.tape import Tape
from bptui.explaining.equation_lines import equation_line
from bptui.explaining.equations import (
    Equation,
    forward_equation,
    gradient_equations,
    sum_equation,
    update_equation,
)
from bptui.explaining.formula_words import inline
from bptui.explaining.value_state import gradient_can_arrive, no_gradient_words
from bptui.explaining.whole_array import named_array, one_row, whole_array
from bptui.lines.line import Line, Span, indented, styled
from bptui.lines.table import flush_left
from bptui.report.first_non_finite import FirstNonFinite, find_first_non_finite
from bptui.report.training import training_lines
from bptui.running import Run
from layers import Array

HEADINGS = {Pass.FORWARD: "Forward", Pass.BACKWARD: "Backward", Pass.UPDATE: "Update"}

NO_NOTES: Mapping[int, Sequence[str]] = {}

BACKWARD_KEY = "dout is the gradient that arrives at a node's output; d x is what the node sends back to its input x."


def trace_lines(run: Run) -> Iterator[Line]:
    """Yield the lines of the trace of a run that is over; of one that has failed, as far as it came."""
    yield from opening(run)
    notes = planned_notes(run)
    origin = find_first_non_finite(run.tape)
    if run.failure:
        for iteration in dict.fromkeys((1, len(run.tape.iterations))):
            yield from iteration_lines(run.tape, iteration, origin, notes)
        yield from run_remark_lines(run)
        return
    if run.tape.order.iterations == 1:
        yield from iteration_lines(run.tape, 1, origin, notes)
    else:
        yield from training_lines(run)
        for iteration in (1, run.tape.order.iterations):
            yield ()
            yield styled(f"Iteration {iteration}", "title")
            yield from iteration_lines(run.tape, iteration, origin, notes)
    yield from gradient_table(run.tape)
    if origin is not None:
        yield ()
        yield styled(origin.told, "warning")
    yield from run_remark_lines(run)


def planned_notes(run: Run) -> Mapping[int, Sequence[str]]:
    """Return the scenario's notes by the step that they stand at; one at the very start is told at the first step."""
    found = defaultdict(list)
    for note in run.scenario.lesson.notes:
        if (at := note.position(run.tape.order)) is not None:
            found[max(1, at)].append(note.text)
    return found


def run_remark_lines(run: Run) -> Iterator[Line]:
    """Yield what there is to say of values that no one uses, and of the user's own layers."""
    unused = list(unused_values(run.graph))
    if run.remarks or unused:
        yield ()
    for finding in unused:
        yield styled(f"▲ {finding.reason}", "warning")
    for remark, count in run.remarks.items():
        yield styled(remark.sentence(count), "warning")


def opening(run: Run) -> Iterator[Line]:
    """Yield the title, what the scenario says of itself, and the values that are given."""
    scenario = run.scenario
    yield styled(text.visible(scenario.title), "title")
    if scenario.about:
        yield ()
        for line in scenario.about.strip().splitlines():
            yield styled(text.visible(line, limit=1000))
    for heading, names in (("Inputs", run.graph.inputs), ("Parameters", run.graph.parameters)):
        if names:
            yield ()
            yield styled(heading, "heading")
        for name in names:
            yield from indented(named_array(name, scenario.values[name]), 2)
    yield from origin_lines(run)


def origin_lines(run: Run) -> Iterator[Line]:
    """Yield whose layers are run, where some of them are the user's own."""
    if not run.scenario.guests:
        return
    yield ()
    yield styled("Layers", "heading")
    origins = {text.visible(node.layer): node.origin or "built in" for node in run.graph.nodes}
    width = max(map(len, origins))
    for layer, origin in origins.items():
        yield styled(f"{layer:{width}}  {text.visible(origin, limit=1000)}", indent=2)


def iteration_lines(
    tape: Tape, iteration: int, origin: FirstNonFinite | None, notes: Mapping[int, Sequence[str]] = NO_NOTES
) -> Iterator[Line]:
    """Yield every step of one iteration (from 1), pass by pass, with the notes that were written at it."""
    order = tape.order
    heading, digits = None, len(str(len(order)))
    for number in range(order.start(iteration - 1) + 1, min(order.start(iteration), len(tape)) + 1):
        moment = tape.at(number)
        step = moment.step
        assert step is not None
        if step.pass_ is not heading:
            heading = step.pass_
            yield from heading_lines(heading)
        yield from trace_step_lines(moment, step, lead=f"  {number:{digits}}  ")
        for note in notes.get(number, ()):
            yield styled(f"✎ {text.visible(' '.join(note.split()), limit=2_000)}", "mark", indent=4)
        if origin is not None and number == origin.number:
            yield styled(f"▲ {origin.told}", "warning", indent=4)


def heading_lines(pass_: Pass) -> Iterator[Line]:
    """Yield what stands above the steps of a pass."""
    yield ()
    yield styled(HEADINGS[pass_], "heading")
    if pass_ is Pass.BACKWARD:
        yield styled(BACKWARD_KEY, "dim", indent=2)


def trace_step_lines(moment: Moment, step: Step, *, lead: str) -> Iterator[Line]:
    """Yield one step behind ``lead``, with its equations and numbers."""
    match step:
        case ForwardStep():
            yield from forward_step_lines(lead, moment, step)
        case BackwardStep():
            yield from backward_step_lines(lead, moment, step)
        case UpdateStep():
            yield from worked_out(Span(lead, "update"), update_equation(moment, step.name), step.after, "update")


def forward_step_lines(lead: str, moment: Moment, step: ForwardStep) -> Iterator[Line]:
    """Yield a node's forward: an equation for each output, or one for all where the layer has no words for each."""
    equations = {name: forward_equation(moment, name) for name in step.node.outputs}
    if len(step.outs) > 1 and len(set(map(str, equations.values()))) == 1:
        yield from worked_out(Span(lead, "forward"), equations[step.name], np.zeros(()), "value")
        for name, out in zip(step.node.outputs, step.outs, strict=True):
            yield from indented(named_array(name, out), len(lead) + 2)
        return
    for name, out in zip(step.node.outputs, step.outs, strict=True):
        yield from worked_out(Span(lead, "forward"), equations[name], out, "value")
        lead = " " * len(lead)


def arriving_words(step: BackwardStep) -> str:
    """Return what arrives at a node: ``dout = 2``, or ``d h = 2, d c, [2, 3]`` where it has several outputs."""
    if len(step.douts) == 1:
        name, (dout,) = text.visible(step.name), step.douts
        return "" if dout is None else f"dout = {one_row(dout) or f'd {name}, {text.shape(dout)}'}"
    pairs = zip(step.node.outputs, step.douts, strict=True)
    return "; ".join(f"d {text.visible(name)}{number_words(dout)}" for name, dout in pairs if dout is not None)


def number_words(dout: Array) -> str:
    """Return what stands behind the name of a gradient: `` = 2``, or its shape where it is too large for a line."""
    if not dout.any():
        return " = 0"
    row = one_row(dout)
    return f" = {row}" if row else f", {text.shape(dout)}"


def backward_step_lines(lead: str, moment: Moment, step: BackwardStep) -> Iterator[Line]:
    """Yield a node's backward: what arrives, what leaves, and the gradients that are complete with it."""
    name = text.visible(step.name)
    if step.dout is None:
        yield styled(f"{lead}{name}: no gradient reaches it", "backward")
        return
    margin = " " * (len(lead) + 2)
    yield styled(f"{lead}{name}: {arriving_words(step)}", "backward")
    leaving = [gradient for gradient in step.gradients if gradient is not None]
    for equation, gradient in zip(gradient_equations(moment, step.name), leaving, strict=True):
        yield from worked_out(Span(margin), equation, gradient, "gradient")
    for source in dict.fromkeys(step.node.inputs):
        total = moment.gradient(source)
        if total is not None and not moment.awaits_gradient(source):
            yield from worked_out(Span(f"{margin}in all "), sum_equation(moment, source), total, "gradient")


def worked_out(lead: Span, equation: Equation | None, result: Array, style: str) -> Iterator[Line]:
    """Yield an equation behind ``lead``, and below it the result where it is too large to stand in it."""
    if equation is None:
        return
    yield (lead, *equation_line(equation, style))
    if inline(result) is None:
        yield from whole_array(result, indent=len(lead.text) + 4)


def gradient_table(tape: Tape) -> Iterator[Line]:
    """Yield the gradient of every value after the last step."""
    yield ()
    yield styled(f"Gradients of {text.visible(tape.graph.output)}", "heading")
    gradients = tape.gradients
    end = tape.at(len(tape))
    rows = [
        (
            text.visible(name),
            "" if gradient is None else text.shape(gradient),
            gradient_words(gradient) if gradient_can_arrive(end, name) else no_gradient_words(end, name),
        )
        for name, gradient in gradients.items()
    ]
    for row in flush_left(rows):
        yield styled(row, indent=2)


def gradient_words(gradient: Array | None) -> str:
    """Return a gradient in one line."""
    if gradient is None:
        return "none reaches it"
    if (row := one_row(gradient)) is not None:
        return row
    largest = float(np.abs(gradient).max(initial=0))
    return f"at most {text.number(largest)} in size, norm {text.number(float(np.linalg.norm(gradient)))}"
