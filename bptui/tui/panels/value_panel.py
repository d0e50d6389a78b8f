"""One array, a value or a gradient, as numbers or as a heat map. Only the cells in sight are ever formatted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from textual import events
from textual.geometry import Size

from bptui.core import text
from bptui.core.argument import NUMBER, PLACES
from bptui.core.assignment import written_element
from bptui.core.command import Command
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.verbs.explaining import Why
from bptui.core.verbs.view import HeatMap, NextSlice, PreviousSlice, SelectElement, ShowValue, TurnGradient
from bptui.explaining import value_state
from bptui.lines.line import Line, Span, fitted
from bptui.lines.paragraph import paragraph
from bptui.session.answer import Answer, WayOn, refusal
from bptui.tui.content.array_view import (
    ArrayView,
    ViewedArray,
    cell_index,
    clamped,
    largest,
    next_not_finite,
    sight,
    slices,
    view_of_element,
)
from bptui.tui.content.values import exact_number, value_lines, view_of_place
from bptui.tui.palette import PlainPalette
from bptui.tui.pane import Pane
from bptui.tui.pane_summaries import PaneSummaries
from layers import Array


class ValuePanel(Pane):
    """The selected value's numbers. Until it ``is_turned`` round, the backward pass shows gradients."""

    def __init__(self, moment: Moment, *, id: str | None = None, can_focus: bool = True) -> None:  # noqa: A002
        super().__init__(moment, id=id, can_focus=can_focus)
        self.array_view = ArrayView()
        self.is_turned = False
        self.summaries = PaneSummaries(self)

    @property
    def shows_gradient(self) -> bool:
        """Whether the gradient is shown, and not the value."""
        return (self.moment.pass_ is Pass.BACKWARD) != self.is_turned

    def heading(self) -> Line:
        kind = "Gradient" if self.shows_gradient else "Value"
        if self.selected is None:
            return (Span(kind, "title"),)
        array = shown_array(self.moment, self.selected, gradient=self.shows_gradient)
        about = "" if array is None else f" {text.shape(array)} {array.dtype}"
        name = f"d {text.visible(self.selected)}" if self.shows_gradient else text.visible(self.selected)
        return (Span(f"{kind} · ", "title"), Span(name, "strong"), Span(about, "dim"))

    def footing(self) -> Line:
        array = self.array
        words = "" if array is None else sight(self.array_view, array)
        return (Span(words, "dim"),) if words else ()

    @property
    def array(self) -> Array | None:
        """What is shown, if it is there yet."""
        return None if self.selected is None else shown_array(self.moment, self.selected, gradient=self.shows_gradient)

    @property
    def extent(self) -> Size:
        return self.inside

    def view(self, width: int, height: int) -> Sequence[Line]:
        name = self.selected
        if name is None:
            return paragraph("The numbers of the selected value will stand here.", width, "dim")
        array = shown_array(self.moment, name, gradient=self.shows_gradient)
        if array is None:
            return absent_lines(self.moment, name, width, gradient=self.shows_gradient)
        seen, lines = value_lines(self.subject(name, array), self.drawable_view, width, height)
        self.array_view = replace(seen, as_heat=self.array_view.as_heat)
        return lines

    def subject(self, name: str, array: Array) -> ViewedArray:
        """Return what is known of the array that is shown."""
        before = shown_before(self.moment, name, gradient=self.shows_gradient)
        style = "gradient" if self.shows_gradient else "value"
        return ViewedArray(array, before, self.summaries.get(array), style)

    @property
    def drawable_view(self) -> ArrayView:
        """The view; without colours there is no heat map."""
        return replace(self.array_view, as_heat=False) if isinstance(self.palette, PlainPalette) else self.array_view

    def show(self, moment: Moment, selected: str | None) -> None:
        """Show another moment; another value is looked at from its beginning."""
        if selected != self.selected:
            self.array_view = ArrayView(as_heat=self.array_view.as_heat)
        super().show(moment, selected)

    def obey(self, command: ShowValue) -> Answer:
        """Show the value in another way."""
        match command:
            case TurnGradient():
                self.is_turned = not self.is_turned
                kind = "gradients" if self.shows_gradient else "values"
                answer = Answer(f"this pane shows {kind}", way_on=WayOn(TurnGradient, "turns it round"))
            case HeatMap() if isinstance(self.palette, PlainPalette):
                return refusal("a heat map needs colours, which NO_COLOR has switched off")
            case HeatMap() if self.array is None or not self.array.ndim:
                return refusal("there is no array here: a heat map shows the numbers of one as colours")
            case HeatMap():
                self.array_view = replace(self.array_view, as_heat=not self.array_view.as_heat)
                answer = Answer()
            case NextSlice(count):
                answer = self.show_slice(count)
            case PreviousSlice(count):
                answer = self.show_slice(-count)
            case SelectElement(place):
                answer = self.jump(place)
        self.renew()
        return answer

    def show_slice(self, count: int) -> Answer:
        """Show another slice of an array with more than two axes, and say which it is."""
        array = self.array
        if array is None or array.ndim < 3:
            return refusal("there is one slice only: arrays with more than two axes have several")
        number, last = self.array_view.slice, slices(array) - 1
        self.array_view = replace(self.array_view, slice=min(max(0, number + count), last))
        index = ", ".join(map(str, np.unravel_index(self.array_view.slice, array.shape[:-2])))
        text = f"slice [{index}, :, :], {self.array_view.slice + 1} of {last + 1}"
        return Answer(text) if self.array_view.slice != number else refusal(f"{text}: there is none beyond")

    def jump(self, place: str | None) -> Answer:
        """Select the element that is meant by ``place``, and say where it is."""
        array = self.array
        if array is None or not array.ndim or not array.size:
            return refusal("there are no elements to go to")
        if place not in {None, *PLACES}:
            return self.jump_to(array, tuple(map(int, NUMBER.findall(place or ""))))
        odd = None if place == "largest" else next_not_finite(array, cell_index(array, clamped(self.array_view, array)))
        if place == "nan" and odd is None:
            return refusal("all elements are finite")
        index = largest(array) if odd is None else odd
        self.array_view = view_of_element(self.array_view, index, array)
        return Answer(f"{'largest by size' if odd is None else exact_number(array[index])} at {list(index)}")

    def jump_to(self, array: Array, index: Sequence[int]) -> Answer:
        """Select the element with this index."""
        if len(index) != array.ndim or any(at >= size for at, size in zip(index, array.shape, strict=True)):
            return refusal(f"there is no element {list(index)}: the shape is {text.shape(array)}")
        self.array_view = view_of_element(self.array_view, index, array)
        return Answer()

    def selected_number(self) -> str:
        """Return the selected cell's number with all its digits; nothing where there is no number."""
        array = self.array
        if array is None or not array.size:
            return ""
        return exact_number(array[cell_index(array, clamped(self.array_view, array))])

    @property
    def pointed_at(self) -> Command | None:
        """Why the selected number is what it is."""
        array = self.array
        if self.selected is None or array is None or not array.size:
            return None
        index = self.selected_index() if array.ndim else None
        return Why(written_element(self.shows_gradient, self.selected, index))

    def selected_index(self) -> tuple[int, ...]:
        """Return the index of the selected cell, which has to be there."""
        array = self.array
        assert array is not None
        return tuple(cell_index(array, clamped(self.array_view, array)))

    def select_element(self, index: Sequence[int]) -> None:
        """Select the cell of this index, if the array that is shown has one."""
        array = self.array
        if array is None or len(index) != array.ndim:
            return
        if all(0 <= place < size for place, size in zip(index, array.shape, strict=True)):
            self.array_view = view_of_element(self.array_view, index, array)
            self.renew()

    @property
    def whereabouts(self) -> object:
        return self.array_view.slice, self.array_view.row, self.array_view.column

    def move(self, columns: int, rows: int) -> None:
        """Select a cell that is so many rows, and one column to the left or right, away."""
        column = max(0, self.array_view.column + max(-1, min(1, columns)))
        self.array_view = replace(self.array_view, row=max(0, self.array_view.row + rows), column=column)
        self.renew()

    def on_click(self, event: events.Click) -> None:
        name, array = self.selected, self.array
        if name is None or array is None or self.is_folded:
            return
        place = (event.x - 1, event.y - 1)
        seen = view_of_place(self.subject(name, array), self.drawable_view, (*self.inside,), place)
        self.array_view = replace(seen, as_heat=self.array_view.as_heat)
        self.renew()

    def point_home(self) -> None:
        """Select the first cell."""
        self.array_view = replace(self.array_view, row=0, column=0)
        self.renew()

    def point_end(self) -> None:
        """Select the last cell."""
        self.array_view = replace(
            self.array_view, row=self.array_view.row + 10**9, column=self.array_view.column + 10**9
        )
        self.renew()


def shown_array(moment: Moment, name: str, *, gradient: bool) -> Array | None:
    """Return the array that is to be shown, if it is there yet."""
    return moment.gradient(name) if gradient else moment.value(name)


def shown_before(moment: Moment, name: str, *, gradient: bool) -> Array | None:
    """Return what the array was one iteration ago, if there was one."""
    earlier = moment.order.iteration_earlier(moment.position)
    return None if earlier is None else shown_array(moment.tape.at(earlier), name, gradient=gradient)


def absent_lines(moment: Moment, name: str, width: int, *, gradient: bool) -> list[Line]:
    """Return in words why there is nothing to show."""
    reason = value_state.waiting(moment, name) or ("no gradient reaches it" if gradient else "not reached yet")
    return [fitted((Span(reason, "dim"),), width)]
