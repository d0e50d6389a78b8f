"""The output over the iterations of a run as a line of bars: how training goes, at a glance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from bptui.core.moment import Moment
from bptui.core.tape import Tape
from bptui.core.text import number, visible
from bptui.lines.cell_width import cells, cut_middle
from bptui.lines.line import Line, Span

BARS = "▁▂▃▄▅▆▇█"
LOG = "log"
LONGEST_NAME = 12
NARROWEST = 8
"""Bars that are worth being drawn."""

WIDE_ENOUGH = 12
"""Bars for which the first value is left out where there is room for fewer beside it."""

STEEP = 20
"""Ratio of the largest to the least output from which on bars are on a log scale."""


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
    start, now = f"{number(first, 4)} ", "…" if here is None else number(here, 4)
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


def is_steep(outputs: Iterable[float | None]) -> bool:
    """Return whether the outputs are positive, and differ so much that a log scale tells more of them."""
    finite = finite_ones(outputs)
    return bool(finite) and min(finite) > 0 and max(finite) > STEEP * min(finite)


def finite_ones(outputs: Iterable[float | None]) -> list[float]:
    """Return the outputs that are there and finite."""
    return [it for it in outputs if it is not None and math.isfinite(it)]


def bars(outputs: Sequence[float | None], current: int) -> Iterator[Span]:
    """Yield a bar for each output, from the least to the largest of them; the current one stands out."""
    if is_steep(outputs):
        outputs = [it if it is None or not it > 0 or math.isinf(it) else math.log(it) for it in outputs]
    finite = finite_ones(outputs)
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    texts = [loss_bar(it, low, high) for it in outputs]
    yield Span("".join(texts[:current]), "value")
    yield Span(texts[current], "current")
    yield Span("".join(texts[current + 1 :]), "dim")


def loss_bar(output: float | None, low: float, high: float) -> str:
    """Return one bar: ``·`` for what has not been reached, ``!`` for what is not finite."""
    if output is None:
        return "·"
    if not math.isfinite(output):
        return "!"
    span = high / 2 - low / 2  # halves, for the difference of two large numbers may be infinite
    share = (output / 2 - low / 2) / span if span > 0 else 0.0
    return BARS[round(share * (len(BARS) - 1))]
