"""The gradients of parameters and inputs, one a row: a bar on a log scale, the norm, and what is still missing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from textual.geometry import Offset, Size

from bptui.core.array_summary import Summary
from bptui.core.array_summary import norm as euclidean_norm
from bptui.core.command import Command
from bptui.core.moment import Moment
from bptui.core.order import Passes
from bptui.core.text import number, visible
from bptui.core.verbs.movement import RunTo
from bptui.core.verbs.selection import Select
from bptui.explaining import value_state
from bptui.lines.cell_width import cells, cut_middle
from bptui.lines.line import Line, Span, fitted, line_width
from bptui.lines.number_grid import aligned
from bptui.lines.signs import FAIL, SIGN_STYLES
from bptui.tui.message import Asked
from bptui.tui.pane import VerdictPane
from bptui.tui.pane_summaries import PaneSummaries
from layers import Array

EIGHTHS = " ▏▎▍▌▋▊▉"
MARK_ROOM = 2
"""Cells of a verdict, with the gap after it."""

VANISHING, EXPLODING = 1e-5, 1e5
"""What a gradient's influence is, as a part of that nearest to the output, from which on it is said in words."""

WIDEST_BAR = 20

MOST_SCALED = 200
"""Values whose gradients are looked at to find how far the bars of an iteration reach."""

FEW_NUMBERS = 2048
"""Elements up to which a norm is worked out at every key; those of larger arrays are counted in idle time."""


class LogScale(NamedTuple):
    """The powers of ten at the two ends of the bars."""

    low: int
    high: int

    def widened(self, norms: Iterable[float | None]) -> LogScale:
        """Return the scale that also holds these norms, as far as they are finite and not 0."""
        powers = [math.log10(it) for it in norms if it and math.isfinite(it)]
        if not powers:
            return self
        low, high = math.floor(min(powers)), math.ceil(max(powers))
        if self != NOTHING_SEEN:
            low, high = min(low, self.low), max(high, self.high)
        return LogScale(low, max(high, low + 1))

    def __str__(self) -> str:
        return "" if self == NOTHING_SEEN else f"{number(10.0**self.low)}…{number(10.0**self.high)}"


NOTHING_SEEN = LogScale(0, 0)


class GradientRow(NamedTuple):
    """One value's gradient: its ``norm`` where there is one, and how it stands, in words and in few words.

    ``mark`` is what is known of all layers that it came through.
    """

    name: str
    norm: float | None
    number: str
    long: str
    short: str
    style: str
    has_changed: bool
    mark: str = ""


class GradientsPanel(VerdictPane):
    """Every parameter and input. Only the rows in sight are worked out."""

    def __init__(self, moment: Moment, *, id: str | None = None, can_focus: bool = True) -> None:  # noqa: A002
        super().__init__(moment, id=id, can_focus=can_focus)
        self.summaries = PaneSummaries(self)
        self.scale = NOTHING_SEEN
        self.scaled_for = 0

    def heading(self) -> Line:
        axis = f" bars {self.scale}" if str(self.scale) and not self.is_folded else ""
        return (Span("Gradients", "title"), Span(axis, "dim"))

    @property
    def extent(self) -> Size:
        return Size(self.inside.width, len(names_with_a_row(self.moment)))

    def view(self, width: int, height: int) -> Sequence[Line]:
        names = names_with_a_row(self.moment)[self.origin.y : self.origin.y + height]
        rows = [self.judged(gradient_row(self.moment, name, self.summaries.get)) for name in names]
        if any(row.norm is not None for row in rows):
            self.scale = self.run_scale().widened(row.norm for row in rows)
        return gradient_rows(rows, width, self.scale, self.selected)

    def folded_line(self, width: int) -> Line:
        """Return the first gradient that this step has changed, or else the first in sight."""
        names = names_with_a_row(self.moment)
        changed = [place for place, name in enumerate(names) if name in self.moment.changed]
        self.origin = Offset(0, changed[0]) if changed else self.origin
        return super().folded_line(width)

    def run_scale(self) -> LogScale:
        """Return the scale that holds what has been seen, and what this iteration's gradients come to in the end."""
        moment = self.moment
        if moment.iteration == self.scaled_for:
            return self.scale
        last = moment.order.start(moment.iteration)
        if last > len(moment.tape):
            return self.scale
        self.scaled_for = moment.iteration
        end = moment.tape.at(last)
        gradients = (end.gradient(name) for name in names_with_a_row(end)[:MOST_SCALED])
        return self.scale.widened(norm_of(it, self.summaries.get) for it in gradients if it is not None)

    @property
    def pointed_at(self) -> Command | None:
        """The step at which the selected gradient is complete."""
        return RunTo(self.selected) if self.selected in names_with_a_row(self.moment) else None

    @property
    def whereabouts(self) -> object:
        return self.selected, self.origin

    def point(self, columns: int, rows: int) -> None:  # noqa: ARG002
        """Select the value in another row."""
        names = names_with_a_row(self.moment)
        here = names.index(self.selected) if self.selected in names else -1 if rows > 0 else len(names)
        there = names[max(0, min(here + rows, len(names) - 1))] if rows else self.selected
        if there is not None and there != self.selected:
            self.selected = there
            self.post_message(Asked(Select(there)))

    def judged(self, row: GradientRow) -> GradientRow:
        """Return a row with the verdict on its gradient: as good as those on the layers that it came through."""
        if self.verdicts is None or row.norm is None:
            return row
        path = self.verdicts.path(self.moment.iteration - 1, row.name)
        if path.culprit is None:
            return row._replace(mark=path.sign)
        culprit = visible(path.culprit, limit=20)
        return row._replace(mark=path.sign, long=f"wrong at {culprit}", short=culprit, style="bad")

    def show(self, moment: Moment, selected: str | None) -> None:
        """Show another moment, scrolled to what has changed where that is out of sight."""
        changed = moment.changed | {selected}
        places = [place for place, name in enumerate(names_with_a_row(moment)) if name in changed]
        height = self.inside.height
        if places and height and not any(self.origin.y <= place < self.origin.y + height for place in places):
            self.origin = Offset(0, places[0])
        super().show(moment, selected)


def names_with_a_row(moment: Moment) -> tuple[str, ...]:
    """Return the values that have a row: parameters first, then inputs."""
    return moment.graph.parameters + moment.graph.inputs


def gradient_row(moment: Moment, name: str, count: Callable[[Array], Summary | None]) -> GradientRow:
    """Return what is known of one value's gradient."""
    gradient = moment.gradient(name)
    has_changed = name in moment.changed
    if gradient is None:
        return GradientRow(name, None, "", *absence(moment, name), "dim", has_changed)
    norm = norm_of(gradient, count)
    if norm is None:
        return GradientRow(name, None, "", "being counted", "…", "dim", has_changed)
    written = size_text(gradient, norm)
    if not math.isfinite(norm):
        return GradientRow(name, norm, written, f"{FAIL} not finite", FAIL, "error", has_changed)
    if moment.awaits_gradient(name):
        return GradientRow(name, norm, written, *arrived(moment, name), "gradient", has_changed)
    return GradientRow(name, norm, written, *judgement(moment, name, norm, count), has_changed)


def norm_of(array: Array, count: Callable[[Array], Summary | None]) -> float | None:
    """Return the Euclidean norm of an array, NaN or Inf where it has one; None while its elements are being counted."""
    if array.size <= FEW_NUMBERS:
        return euclidean_norm(array)
    summary = count(array)
    if summary is None:
        return None
    return summary.norm if summary.is_finite else math.nan if summary.nans else math.inf


def size_text(gradient: Array, norm: float) -> str:
    """Return a scalar's number with its sign, and of an array its norm."""
    return number(norm if gradient.ndim else float(gradient))


def absence(moment: Moment, name: str) -> tuple[str, str]:
    """Return in words why a value has no gradient."""
    if not value_state.gradient_can_arrive(moment, name):
        return "labels: takes none", "labels"
    if moment.awaits_gradient(name):
        return "not reached yet", "not yet"
    if why := value_state.broken_off(moment):
        return why, "ends here"
    if not moment.passes.backward:
        return "only goes forward", "none here"
    return "no gradient reaches it", "none comes"


def arrived(moment: Moment, name: str) -> tuple[str, str]:
    """Return how many contributions have arrived, while some are missing."""
    count = f"{value_state.arrived_count(moment, name):,} of {value_state.use_count(moment, name):,}"
    return f"{count} contributions", count


def judgement(moment: Moment, name: str, norm: float, count: Callable[[Array], Summary | None]) -> tuple[str, str, str]:
    """Return what there is to say of a complete gradient, in two lengths, and its style.

    A gradient is large or small only beside others, each weighed with its value: what a price in cents does to a
    gradient it undoes there. They are compared with the parameter or input that is nearest to the output.
    """
    if norm == 0:
        return "exactly zero", "zero", "dim"
    nearest = nearest_to_output(moment.passes)
    here = influence(moment, name, norm, count)
    there = influence(moment, nearest, None, count) if nearest else None
    ratio = here / there if here and there else 1.0
    word = "vanishing" if ratio < VANISHING else "exploding" if ratio > EXPLODING else ""
    return (f"{word} beside {visible(nearest or '')}", word, "warning") if word else ("", "", "gradient")


def influence(moment: Moment, name: str, norm: float | None, count: Callable[[Array], Summary | None]) -> float | None:
    """Return what a relative change of a value does to the output, at most: its gradient's norm times its own."""
    value, gradient = moment.value(name), moment.gradient(name)
    if norm is None and gradient is not None:
        norm = norm_of(gradient, count)
    size = None if value is None or value.dtype.kind != "f" else norm_of(value, count)
    return None if norm is None or size is None or not math.isfinite(norm * size) else norm * size


@lru_cache(maxsize=4)
def nearest_to_output(passes: Passes) -> str | None:
    """Return the parameter, or else the input, whose gradient is complete first in the backward pass."""
    for names in (passes.graph.parameters, passes.graph.inputs):
        last = {name: ranks[-1] for name in names if (ranks := passes.arrivals_at(name).ranks)}
        if last:
            return min(last, key=lambda name: last[name])
    return None


def gradient_rows(rows: Sequence[GradientRow], width: int, scale: LogScale, selected: str | None = None) -> list[Line]:
    """Return the rows, their columns in line: ``▸W2  ▇▇▇▏    0.31``."""
    names = [visible(row.name) for row in rows]
    name_room = min(max(map(cells, names), default=0), max(4, width // 3))
    numbers = aligned([row.number for row in rows])
    words = max((len(row.short) for row in rows if row.norm is not None), default=0)
    number_room = max(map(len, numbers), default=0)
    bar_room = min(WIDEST_BAR, width - name_room - words - number_room - 4 - MARK_ROOM * any(row.mark for row in rows))
    rooms = name_room, max(0, bar_room)
    return [
        gradient_line(row, written, width, rooms, scale, is_selected=row.name == selected)
        for row, written in zip(rows, numbers, strict=True)
    ]


def gradient_line(
    row: GradientRow, written: str, width: int, rooms: tuple[int, int], scale: LogScale, *, is_selected: bool
) -> Line:
    """Return one row, its number as ``written`` and its name and bar as wide as ``rooms``."""
    name_room, bar_room = rooms
    mark = Span("▸" if row.has_changed else " ", "changed")
    style = "selected" if is_selected else "changed" if row.has_changed else "value"
    label = Span(cut_text(visible(row.name), name_room), style)
    if row.norm is None:
        return within((mark, label, Span(" · ", "dim")), row, width)
    gradient = Span(f" {written} ", "changed" if row.has_changed else row.style)
    verdict: Line = (Span(f"{row.mark} ", SIGN_STYLES.get(row.mark, "")),) if row.mark else ()
    drawn = Span(gradient_bar(row.norm, bar_room, scale), row.style)
    return within((mark, label, Span(" "), drawn, gradient, *verdict), row, width)


def within(line: Line, row: GradientRow, width: int) -> Line:
    """Return ``line`` with the row's words after it, the few where the many do not fit."""
    room = width - line_width(line)
    return fitted((*line, Span(row.long if len(row.long) <= room else row.short, row.style)), width)


def gradient_bar(norm: float, width: int, scale: LogScale) -> str:
    """Return a bar as long as the logarithm of ``norm`` says, in eighths of a cell."""
    if not 0 < norm < math.inf:
        return "·".ljust(width)
    part = (math.log10(norm) - scale.low) / max(1, scale.high - scale.low)
    full, rest = divmod(max(1, round(max(0.0, min(1.0, part)) * width * 8)), 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)


def cut_text(name: str, width: int) -> str:
    """Return a name at exactly ``width`` cells."""
    name = cut_middle(name, width)
    return name + " " * (width - cells(name))
