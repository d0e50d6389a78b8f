"""The gradients of parameters and inputs, one a row: a bar on a log scale, the norm, and what is still missing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from textual.geometry import Offset, Size

from bptui.core.array_summary import Summary
from bptui.core.command import Command, RunTo, Select
from bptui.core.moment import Moment
from bptui.core.text import visible
from bptui.explaining import value_state
from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span, cut, fitted, line_width
from bptui.lines.signs import SIGN_STYLES
from bptui.tui.counter import Counter
from bptui.tui.message import Asked
from bptui.tui.pane import Pane
from layers import Array

if TYPE_CHECKING:
    from bptui.checking.verdicts import Verdicts

EIGHTHS = " ▏▎▍▌▋▊▉"
LOWEST, HIGHEST = -8.0, 2.0
"""The powers of ten at the ends of the bar."""

MARK_ROOM = 2
"""Cells of a verdict, with the gap after it."""

VANISHING, EXPLODING = 1e-7, 1e3
WIDEST_BAR = 20


class GradientRow(NamedTuple):
    """One value's gradient: its ``norm`` where there is one, and how it stands, in words and in few words.

    ``mark`` is what is known of all layers that it came through.
    """

    name: str
    norm: float | None
    long: str
    short: str
    style: str
    has_changed: bool
    mark: str = ""


class GradientsPanel(Pane):
    """Every parameter and input. Only the rows in sight are worked out."""

    verdicts: Verdicts | None = None

    def __init__(self, moment: Moment, *, id: str | None = None, can_focus: bool = True) -> None:  # noqa: A002
        super().__init__(moment, id=id, can_focus=can_focus)
        self.counter = Counter(self)

    def heading(self) -> Line:
        return (Span("Gradients", "title"), Span(" norm, log scale", "dim"))

    @property
    def extent(self) -> Size:
        return Size(self.inside.width, len(names_with_a_row(self.moment)))

    def view(self, width: int, height: int) -> Sequence[Line]:
        names = names_with_a_row(self.moment)[self.origin.y : self.origin.y + height]
        rows = [self.judged(gradient_row(self.moment, name, self.counter.get)) for name in names]
        return gradient_rows(rows, width, self.selected)

    @property
    def pointed_at(self) -> Command | None:
        """The step at which the selected gradient is complete."""
        return RunTo(self.selected) if self.selected in names_with_a_row(self.moment) else None

    def action_move(self, columns: int, rows: int) -> None:  # noqa: ARG002
        """Select the value in another row."""
        names = names_with_a_row(self.moment)
        here = names.index(self.selected) if self.selected in names else -1 if rows > 0 else len(names)
        self.selected = names[max(0, min(here + rows, len(names) - 1))]
        self.post_message(Asked(Select(self.selected)))

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
        return GradientRow(name, None, *absence(moment, name), "dim", has_changed)
    if gradient.ndim == 0:
        norm, is_finite = abs(float(gradient)), bool(np.isfinite(gradient))
    elif summary := count(gradient):
        norm, is_finite = summary.norm, summary.is_finite
    else:
        return GradientRow(name, None, "being counted", "…", "dim", has_changed)
    if not is_finite:
        return GradientRow(name, math.nan, "✗ NaN or infinite", "✗ NaN", "error", has_changed)
    if moment.awaits_gradient(name):
        return GradientRow(name, norm, *arrived(moment, name), "gradient", has_changed)
    return GradientRow(name, norm, *judgement(norm), has_changed)


def absence(moment: Moment, name: str) -> tuple[str, str]:
    """Return in words why a value has no gradient."""
    if not value_state.takes_gradient(moment, name):
        return "labels: takes none", "labels"
    if moment.awaits_gradient(name):
        return "not reached yet", "not yet"
    return "no gradient reaches it", "none comes"


def arrived(moment: Moment, name: str) -> tuple[str, str]:
    """Return how many contributions have arrived, while some are missing."""
    count = f"{value_state.arrived_count(moment, name):,} of {value_state.use_count(moment, name):,}"
    return f"{count} contributions", count


def judgement(norm: float) -> tuple[str, str, str]:
    """Return what there is to say of a complete gradient, in two lengths, and its style."""
    if norm == 0:
        return "exactly zero", "zero", "dim"
    if norm < VANISHING:
        return "vanishing", "vanishing", "warning"
    if norm > EXPLODING:
        return "exploding", "exploding", "warning"
    return "", "", "gradient"


def gradient_rows(rows: Sequence[GradientRow], width: int, selected: str | None = None) -> list[Line]:
    """Return the rows, their columns in line: ``▸W2  ▇▇▇▏    3.1e-01``."""
    names = [visible(row.name) for row in rows]
    name_room = min(max(map(cells, names), default=0), max(4, width // 4))
    words = max((len(row.short) for row in rows if row.norm is not None), default=0)
    bar_room = min(WIDEST_BAR, width - name_room - words - 11 - MARK_ROOM * any(row.mark for row in rows))
    return [gradient_line(row, width, name_room, max(0, bar_room), is_selected=row.name == selected) for row in rows]


def gradient_line(row: GradientRow, width: int, name_room: int, bar_room: int, *, is_selected: bool) -> Line:
    """Return one row."""
    mark = Span("▸" if row.has_changed else " ", "changed")
    style = "selected" if is_selected else "changed" if row.has_changed else "value"
    label = Span(cut_text(visible(row.name), name_room), style)
    if row.norm is None:
        return within((mark, label, Span(" · ", "dim")), row, width)
    number = "NaN" if math.isnan(row.norm) else f"{row.norm:.1e}"
    gradient = Span(f" {number:>7} ", "changed" if row.has_changed else row.style)
    verdict: Line = (Span(f"{row.mark} ", SIGN_STYLES.get(row.mark, "")),) if row.mark else ()
    return within((mark, label, Span(" "), Span(bar(row.norm, bar_room), row.style), gradient, *verdict), row, width)


def within(line: Line, row: GradientRow, width: int) -> Line:
    """Return ``line`` with the row's words after it, the few where the many do not fit."""
    room = width - line_width(line)
    return fitted((*line, Span(row.long if len(row.long) <= room else row.short, row.style)), width)


def bar(norm: float, width: int) -> str:
    """Return a bar as long as the logarithm of ``norm`` says, in eighths of a cell."""
    if not norm > 0:
        return "·".ljust(width)
    exponent = math.log10(min(norm, 1e300))
    eighths = round(max(0.0, min(1.0, (exponent - LOWEST) / (HIGHEST - LOWEST))) * width * 8)
    full, rest = divmod(max(1, eighths), 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)


def cut_text(name: str, width: int) -> str:
    """Return a name at exactly ``width`` cells."""
    if cells(name) > width:
        name = "".join(span.text for span in cut((Span(name),), width))
    return name + " " * (width - cells(name))
