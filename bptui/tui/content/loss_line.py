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
MOST_OTHERS = 20
"""Iterations at the start whose outputs may be something else than a number."""

LONGEST_NAME = 12
NARROWEST = 8
"""Bars that are worth being drawn."""

WIDE_ENOUGH = 12
"""Bars for which the first value is left out where there is room for fewer beside it."""


def loss_line(moment: Moment, width: int) -> Line:
    """Return ``loss 0.76 ▇▅▃▂▁▁▁▁ 0.0046``: the first value, bars, and the value where the cursor has come to it.

    Where that leaves few bars, the first value is left out. Nothing is returned where there is one iteration only, or
    where no output is a single number.
    """
    iterations = moment.order.iterations
    begun = first_number(moment.tape)
    if iterations < 2 or begun is None:
        return ()
    output, first = begun
    here = number_here(moment)
    name = cut_middle(visible(moment.graph.output if here is not None else output), LONGEST_NAME)
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


def first_number(tape: Tape) -> tuple[str, float] | None:
    """Return the first output that is a single number, and its name; a program may begin with passes of others."""
    for iteration in range(min(len(tape.iterations), MOST_OTHERS)):
        if (value := output_at(tape, iteration)) is not None:
            return tape.order.passes(iteration).graph.output, value
    return None


def number_here(moment: Moment) -> float | None:
    """Return the output if the cursor has come to it in this iteration, and it is a single number."""
    value = moment.value(moment.graph.output)
    return float(value.reshape(())) if value is not None and value.size == 1 else None


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
