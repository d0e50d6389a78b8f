"""The output over the iterations of a run as a line of bars: how training goes, at a glance."""

from __future__ import annotations

from collections.abc import Sequence

from bptui.core.moment import Moment
from bptui.core.tape import Tape
from bptui.core.text import number, visible
from bptui.lines.bars import bars, is_steep
from bptui.lines.cell_width import cells, cut_middle
from bptui.lines.line import Line, Span

LOG = "log"
LONGEST_NAME = 12
NARROWEST = 8
"""Bars that are worth being drawn."""

WIDE_ENOUGH = 12
"""Bars for which the first value is left out where there is room for fewer beside it."""


def loss_line(moment: Moment, width: int) -> Line:
    """Return ``loss 0.76 ▇▅▃▂▁▁▁▁ 0.0046``: the first value, bars, and the value where the cursor is.

    Where that leaves few bars, the first value is left out. Nothing is returned where there is one iteration only, or
    where the output is not a single number.
    """
    iterations = moment.order.iterations
    first, here = output_at(moment.tape, 0), output_at(moment.tape, moment.iteration - 1)
    if iterations < 2 or first is None:
        return ()
    name = cut_middle(visible(moment.graph.output), LONGEST_NAME)
    start, now = f"{number(first)} ", "…" if here is None else number(here)
    room = width - cells(name) - len(now) - len(LOG) - 4
    start = start if room - len(start) >= min(WIDE_ENOUGH, iterations) else ""
    room = min(room - len(start), iterations)
    if room < min(NARROWEST, iterations):
        return (Span(f" {name} ", "dim"), Span(now, "value"))
    shown = sampled(iterations, room)
    current = max(place for place, iteration in enumerate(shown) if iteration <= moment.iteration - 1)
    outputs = [output_at(moment.tape, iteration) for iteration in shown]
    scale = LOG if is_steep(outputs) else ""
    return (
        Span(f" {name} ", "dim"),
        Span(start),
        *bars(outputs, current),
        Span(f" {now}", "value"),
        Span(f" {scale}", "dim"),
    )


def sampled(iterations: int, count: int) -> Sequence[int]:
    """Return ``count`` iterations (from 0) at equal distances, the first and the last among them."""
    return [round(place * (iterations - 1) / max(1, count - 1)) for place in range(count)]


def output_at(tape: Tape, iteration: int) -> float | None:
    """Return the output of an iteration (from 0); None where it has not been reached, or is not a single number."""
    if iteration >= len(tape.iterations):
        return None
    graph = tape.order.passes(iteration).graph
    slot, values = graph.slots[graph.output], tape.iterations[iteration].values
    if slot >= len(values) or getattr(values[slot], "size", 1) != 1:
        return None
    return float(values[slot])
