"""The foot of a frame: the steps around the one that is shown, and the gradients as they stand there, side by side."""

from __future__ import annotations

from collections.abc import Iterator

from bptui.core.array_summary import norm
from bptui.core.moment import Moment
from bptui.core.text import number, visible
from bptui.explaining.value_state import gradient_can_arrive, waiting
from bptui.lines.line import Line, Span, fitted, styled
from bptui.lines.signs import PASS_SIGNS

LEAST_ROWS, MOST_ROWS = 4, 10
"""Rows that a foot has, with its headings; below the first there is none."""

LONGEST_NAME = 16


def foot_lines(moment: Moment, at: int, *, width: int, rows: int) -> Iterator[Line]:
    """Yield the lines of the foot at a step, in so many ``rows`` at the most."""
    count = min(rows, MOST_ROWS) - 1
    if count + 1 < LEAST_ROWS:
        return
    half = width // 2
    left = [styled("Tape", "heading"), *tape_rows_around(moment, at, count)]
    right = [styled("Gradients", "heading"), *gradient_norm_rows(moment, count)]
    blank: Line = ()
    for place in range(max(len(left), len(right))):
        one, other = (side[place] if place < len(side) else blank for side in (left, right))
        yield (*fitted(one, half - 2), Span("  "), *fitted(other, width - half))


def tape_rows_around(moment: Moment, at: int, count: int) -> Iterator[Line]:
    """Yield a row for each of ``count`` steps around one, which stands out."""
    tape = moment.tape
    first = max(1, min(at - count // 2, len(tape) - count + 1))
    for number_ in range(first, min(first + count, len(tape) + 1)):
        step = tape.order[number_]
        is_current = number_ == at
        told = f"{PASS_SIGNS[step.pass_]} {number_:>{len(str(len(tape)))}} {visible(step.name, limit=LONGEST_NAME)}"
        node = tape.order.passes(step.iteration - 1).graph.node(step.name)
        layer = f"  {visible(node.layer, limit=24)}" if node else ""
        yield (Span(f"{told}{layer}", "current" if is_current else step.pass_.value),)


def gradient_norm_rows(moment: Moment, count: int) -> Iterator[Line]:
    """Yield a row for each parameter and input that a gradient reaches: its norm, or what it waits for."""
    graph = moment.graph
    names = [it for it in (*graph.parameters, *graph.inputs) if gradient_can_arrive(moment, it)]
    if len(names) > count:  # those that are there come first
        names.sort(key=lambda it: moment.gradient(it) is None)
    kept = names if len(names) <= count else names[: count - 1]
    wide = max((len(visible(it, limit=LONGEST_NAME)) for it in kept), default=0)
    for name in kept:
        gradient, shown = moment.gradient(name), visible(name, limit=LONGEST_NAME)
        lead = Span(f"{shown:{wide}}  ", "strong")
        if gradient is None:
            yield (lead, Span(waiting(moment, name), "dim"))
        elif gradient.size == 1:
            yield (lead, Span(f"d {shown} = {number(float(gradient.flat[0]))}", "gradient"))
        else:
            yield (lead, Span(f"‖d {shown}‖ = {number(norm(gradient))}", "gradient"))
    if len(kept) < len(names):
        yield styled(f"and {len(names) - len(kept)} more", "dim")
