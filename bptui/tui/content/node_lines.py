"""What happened at a value, as lines: its formula with the numbers in it, forward and backward, and the curve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from typing import Any

import numpy as np

from bptui.core import text
from bptui.core.graph import Node
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.step import BackwardStep
from bptui.errors import Location
from bptui.explaining import equations, local_derivatives, non_finite, value_state
from bptui.explaining.array_lines import array_lines
from bptui.explaining.equation_lines import equation_lines
from bptui.explaining.equations import Equation
from bptui.explaining.formula_words import inline, is_built_in, words_of
from bptui.explaining.sentence import headline
from bptui.lines.line import Line, Span, cut, fitted, line_width, packed, styled
from bptui.lines.paragraph import paragraph
from bptui.lines.signs import FAIL, PASS_SIGNS
from bptui.session import status_messages
from bptui.tui.content.curve import Curve, curve_lines, curve_of
from layers import Array

MOST_SHOWN = 5
"""Nodes that are named as using a value."""

MOST_KEPT = 1 << 12
"""Elements up to which a node is run again on the side, to see what its layer keeps."""

LONGEST_KEPT = 30
"""Characters of something that a layer keeps, and that is not a number; of anything longer there is the type."""

CURVE_WIDTH, CURVE_HEIGHT, LOWEST_CURVE = 32, 9, 6
LOW = 12
"""Below this height, the gradients come before what they are made of."""

WIDE = 70
"""From this width on, a curve stands beside the equations."""


def node_lines(moment: Moment, name: str, width: int, height: int = 40) -> Iterator[Line]:
    """Yield everything that there is to say of a value but what is wrong with it, what has just happened first.

    ``height`` is what can be seen at once: a picture is not higher than that.
    """
    node = moment.graph.node(name)
    parts = leaf_parts(moment, name, width) if node is None else node_parts(moment, node, width, height)
    lines = separated(filter(None, parts))
    yield from (line if line_width(line) <= width else cut(line, width) for line in lines)


def step_sentence(moment: Moment, name: str, width: int, height: int) -> list[Line]:
    """Return in a sentence what the step has done here, where that leaves room for the equations and gradients."""
    if moment.name != name:
        return []
    lines = paragraph(headline(moment), width)
    if len(lines) <= height // 4:
        return [*lines, ()]
    return lines if len(lines) <= height // 2 and moment.pass_ is Pass.BACKWARD else []


def alarm_lines(moment: Moment, name: str, width: int) -> list[Line]:
    """Return why the run has ended at this node, and where NaN or infinity comes from, if it has, and there is any."""
    return [*failure_lines(moment, name, width), *trouble_lines(moment, name, width)]


def failure_lines(moment: Moment, name: str, width: int) -> list[Line]:
    """Return why the run has ended at this node, if it has."""
    failed = status_messages.failed_turn(moment)
    is_between = failed is None and status_messages.is_at_failure(moment)
    if (moment.name if is_between else failed.name if failed else None) != name:
        return []
    where = f"step {failed.number}, {failed.pass_.value}" if failed else "after this step"
    why = f"{FAIL} {where}: {status_messages.failure_of(moment)}"
    return [*paragraph(why, width, "error"), *paragraph("The run ended here: N goes back.", width, "dim"), ()]


def separated(parts: Iterable[Sequence[Line]]) -> Iterator[Line]:
    """Yield the lines of all parts, an empty one between two."""
    for place, part in enumerate(parts):
        if place:
            yield ()
        yield from part


def node_parts(moment: Moment, node: Node, width: int, height: int) -> Iterator[list[Line]]:
    """Yield what happened at a node, part by part, each worked out when it is wanted."""
    has_gone_back = moment.step_of(node.name, Pass.BACKWARD) is not None
    now, other = (backward_lines, forward_lines) if has_gone_back else (forward_lines, backward_lines)
    curve = curve_of(moment, node.name)
    rows = max(LOWEST_CURVE, min(CURVE_HEIGHT, height - 1))
    if curve is not None and width >= WIDE:
        equations = now(moment, node, width - CURVE_WIDTH - 2, height)
        yield with_picture(equations, captioned(curve, CURVE_WIDTH, rows), width - CURVE_WIDTH)
    else:
        yield now(moment, node, width, height)
        yield captioned(curve, width, rows) if curve is not None else []
    yield other(moment, node, width, height)
    yield kept_lines(moment, node, width)


def with_picture(left: Sequence[Line], right: Sequence[Line], start: int) -> list[Line]:
    """Return lines with others from the column ``start`` on."""
    pairs = zip_longest(left, right, fillvalue=())
    return [(*fitted(one, start), *other) if other else one for one, other in pairs]


def leaf_parts(moment: Moment, name: str, width: int) -> Iterator[list[Line]]:
    """Yield a leaf's value, its gradient as the sum of its uses' contributions, its update, and its uses."""
    computed = moment.graph.computed.get(name)
    yield paragraph(f"computed by your code in {computed}", width, "warning") if computed else []
    yield array_lines(text.visible(name), moment.value(name), width, "value")
    yield gradient_lines(moment, name, width)
    yield update_lines(moment, name, width)
    yield use_lines(moment, name, width)


def trouble_lines(moment: Moment, name: str, width: int) -> list[Line]:
    """Return where NaN or infinity comes from, if there is any."""
    return [line for words in non_finite.trouble(moment, name) for line in paragraph(f"{FAIL} {words}", width, "error")]


def section(pass_: Pass, title: str, note: str, width: int) -> list[Line]:
    """Return the title of what a pass has done, with a note in words."""
    line = (Span(f"{PASS_SIGNS[pass_]} {title}", pass_.value), Span(f"  {note}" if note else "", "dim"))
    if line_width(line) <= width:
        return [line]
    return [line[:1], *paragraph(note, width, "dim", indent=2)]


def called_lines(call: Location | None, width: int) -> list[Line]:
    """Return where a program calls a layer, if it is one's."""
    return paragraph(f"called in {call}", width, "dim") if call else []


def forward_lines(moment: Moment, node: Node, width: int, height: int) -> list[Line]:  # noqa: ARG001  (as its mirror)
    """Return how a node's value comes from its inputs, and those as far as they are arrays."""
    equation = equations.forward_equation(moment, node.name)
    if equation is None:
        formula = equations.node_formula(moment, node.name)
        waiting = Equation(text.visible(node.name), formula, "", "")
        note = failed_note(moment, node, Pass.FORWARD) or value_state.waiting(moment, node.name)
        return [
            *section(Pass.FORWARD, "forward", note, width),
            *called_lines(node.call, width),
            *equation_lines(waiting, width, "value"),
        ]
    lines = [*section(Pass.FORWARD, "forward", "", width), *called_lines(node.call, width)]
    lines += equation_lines(equation, width, "value")
    if len(node.outputs) > 1:
        return [*lines, *other_output_lines(moment, node, equation, width)]
    if not equation.numbers:
        at_use = value_state.before_update(moment)
        for name in dict.fromkeys(node.inputs):
            lines += array_lines(text.visible(name), at_use.value(name), width, "")
    return lines if equation.result else [*lines, *array_lines(equation.left, moment.value(node.name), width, "value")]


def other_output_lines(moment: Moment, node: Node, first: Equation, width: int) -> list[Line]:
    """Return the values of a node's several outputs, and the equations of those after the ``first``."""
    lines: list[Line] = []
    for name in node.outputs:
        equation = equations.forward_equation(moment, name)
        if equation is not None and str(equation) != str(first):
            lines += equation_lines(equation, width, "value")
        if equation is None or not equation.result:
            lines += array_lines(text.visible(name), moment.value(name), width, "value")
    return lines


def backward_lines(moment: Moment, node: Node, width: int, height: int) -> list[Line]:
    """Return what arrives at a node, its local derivatives, and what it gives to each input.

    Where little can be seen at once, what it gives comes first.
    """
    step = moment.step_of(node.name, Pass.BACKWARD)
    waiting = value_state.waiting(moment, node.name)
    if not isinstance(step, BackwardStep):
        return awaited_lines(moment, node, width) if moment.value(node.name) is not None else []
    note = waiting or equations.dout_origin(moment, node.name)
    arrived = [dout_lines(moment, step, place, width) for place in range(len(node.outputs))]
    lines = [*section(Pass.BACKWARD, "backward", note, width), *called_lines(step.call, width)]
    lines += chain.from_iterable(arrived)
    for equation, local in local_derivatives.local_equations(moment, node.name):
        is_told = bool(equation.parts)
        lines += equation_lines(equation, width, "") if is_told else []
        lines += [] if equation.result else array_lines("local" if is_told else equation.left, local, width, "")
    gradients = contribution_lines(moment, step, width)
    return [*gradients, *lines] if height < LOW else [*lines, *gradients]


def contribution_lines(moment: Moment, step: BackwardStep, width: int) -> list[Line]:
    """Return what a node gives to each input."""
    lines: list[Line] = []
    contributions = [it for it in step.gradients if it is not None]
    for equation, contribution in zip(equations.gradient_equations(moment, step.name), contributions, strict=False):
        lines += equation_lines(equation, width, "gradient")
        lines += [] if equation.result else array_lines(equation.left, contribution, width, "gradient")
    return lines if contributions else [(Span("no gradient goes on from here", "dim"),)]


def awaited_lines(moment: Moment, node: Node, width: int) -> list[Line]:
    """Return when a node's backward will come, and the rules that it will go by."""
    number = moment.order.step_number(moment.progress.iteration, Pass.BACKWARD, node.name)
    if number is None:
        return section(Pass.BACKWARD, "backward", value_state.no_backward(moment, node), width)
    waiting = failed_note(moment, node, Pass.BACKWARD) or f"not reached yet: step {number}"
    lines = section(Pass.BACKWARD, "backward", waiting, width)
    for equation in local_derivatives.rules(moment, node.name):
        lines += equation_lines(equation, width, "dim")
    return lines


def failed_note(moment: Moment, node: Node, pass_: Pass) -> str:
    """Return in which step a node has failed in a pass; empty where it has not."""
    failed = status_messages.failed_turn(moment)
    is_here = failed is not None and (failed.name, failed.pass_) == (node.name, pass_)
    return f"failed: step {failed.number}" if failed is not None and is_here else ""


def dout_lines(moment: Moment, step: BackwardStep, place: int, width: int) -> list[Line]:
    """Return the gradient that arrives at a node's output, as a sum where it comes from several uses.

    A program may hand over something else than that sum.
    """
    name, handed = step.node.outputs[place], step.douts[place]
    gradient = moment.gradient(name)
    called = "dout" if len(step.node.outputs) == 1 else f"d {text.visible(name)}"
    if handed is not None and (gradient is None or not is_as_summed(handed, gradient)):
        equation = Equation(called, "", "", inline(handed) or "", text.shape(handed), "as the program hands it over")
        lines = equation_lines(equation, width, "gradient")
        return lines if equation.result else [*lines, *array_lines(called, handed, width, "gradient")]
    if gradient is None:
        return [(Span("no gradient arrives" if called == "dout" else f"{called} = 0: nobody uses it", "dim"),)]
    equation = replace(equations.dout_equation(moment, name), left=called)
    lines = equation_lines(equation, width, "gradient") if equation.parts else []
    return lines if equation.result else [*lines, *array_lines(called, gradient, width, "gradient")]


def is_as_summed(handed: Array, gradient: Array) -> bool:
    """Return whether what is handed to a backward is the sum of what came back, but for rounding."""
    if handed.shape != gradient.shape:
        return False
    return handed is gradient or bool(np.allclose(handed, gradient, rtol=1e-6, atol=1e-12, equal_nan=True))


def gradient_lines(moment: Moment, name: str, width: int) -> list[Line]:
    """Return a leaf's gradient so far."""
    gradient, waiting = moment.gradient(name), value_state.waiting(moment, name)
    if gradient is None:
        return paragraph(waiting, width, "dim")
    lines = section(Pass.BACKWARD, "gradient", waiting, width)
    sums = equations.arrivals(moment, name)
    if (total := equations.sum_equation(moment, name)) is not None:
        sums += (replace(total, note=""),)
    for equation in sums:
        lines += equation_lines(equation, width, "gradient")
    if sums and sums[-1].result:
        return lines
    return [*lines, *array_lines(f"d {text.visible(name)}", gradient, width, "gradient")]


def update_lines(moment: Moment, name: str, width: int) -> list[Line]:
    """Return a parameter's update, once it has been made."""
    equation = equations.update_equation(moment, name)
    if equation is None:
        return []
    lines = [*section(Pass.UPDATE, "update", "", width), *equation_lines(equation, width, "update")]
    before = value_state.before_update(moment).value(name)
    return lines if equation.result else [*lines, *array_lines("before", before, width, "")]


def use_lines(moment: Moment, name: str, width: int) -> list[Line]:
    """Return which nodes use a leaf."""
    graph = moment.graph
    nodes = dict.fromkeys(use.node for use in graph.uses[graph.slots[name]][:MOST_SHOWN])
    used = [f"{text.visible(graph.nodes[it].name)} ({text.visible(graph.nodes[it].layer)})" for it in nodes]
    more = len(graph.uses[graph.slots[name]]) - MOST_SHOWN
    return paragraph(f"used by {', '.join(used) or 'no node'}{f' and {more:,} more' if more > 0 else ''}", width, "dim")


def captioned(curve: Curve, width: int, height: int) -> list[Line]:
    """Return the picture of a curve, and in numbers its point and the slope of the dotted tangent."""
    x, y, slope = map(text.number, (*curve.point, curve.slope))
    which = f"first of {len(curve.points) - 1}: " if len(curve.points) > 2 else ""
    captions = [styled(f"● {which}{x} → {y}", "dim"), styled(f"⋯ slope {slope}", "dim")]
    return [*curve_lines(curve, width, height), *packed(captions, width)]


def kept_lines(moment: Moment, node: Node, width: int) -> list[Line]:
    """Return what a node's layer keeps for its backward pass; a large node would have to be run again to see it."""
    arrays = [moment.value(name) for name in (node.name, *node.inputs)]
    is_small = all(array is not None and array.size <= MOST_KEPT for array in arrays)
    if not is_small or not is_built_in(moment.tape, node):
        return []
    kept = moment.kept(node.name)
    options = words_of(moment.tape, node).options
    items = [
        (Span(f"self.{text.visible(name)} = {kept_words(it)}"),)
        for name, it in kept.items()
        if name not in options and it is not None
    ]
    return [*paragraph("keeps for its backward", width, "dim"), *packed(items, width)] if items else []


def kept_words(it: Any) -> str:
    """Return something that a layer keeps, in a few characters."""
    if isinstance(it, np.ndarray | np.generic | float | int):
        array = np.asarray(it)
        return inline(array) or f"array {text.shape(array)}" if array.dtype.kind in "fiub" else str(array.dtype)
    written = repr(it)
    return text.visible(written) if len(written) <= LONGEST_KEPT else text.visible(type(it).__name__)
