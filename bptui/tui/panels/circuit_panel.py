"""The circuit: at the scale that fits, or that was asked for, and the node at the cursor always in sight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import TypeAlias

from textual import events
from textual.geometry import Offset, Size

from bptui.circuit import Room, Scale, Window, composites, find_groups, group_to_toggle, least_width
from bptui.core.command import Command
from bptui.core.moment import Moment
from bptui.core.stop import Stops
from bptui.core.text import visible
from bptui.core.verbs.movement import RunTo
from bptui.core.verbs.selection import Select
from bptui.core.verbs.view import ChangeScale, Fold, ShowCircuit
from bptui.guest.observation import Remark
from bptui.lines.line import Line, Span
from bptui.session.answer import Answer, refusal
from bptui.session.circuit_view import CircuitView
from bptui.tui.content.circuit_labels import label_widths
from bptui.tui.content.node_signs import CircuitSigns, FiniteArrays
from bptui.tui.drawn_circuit import DrawnCircuit
from bptui.tui.mapped_circuit import MappedCircuit
from bptui.tui.message import Asked
from bptui.tui.pane import VerdictPane

MOST_DRAWN = 60
"""Nodes of a graph that is drawn with all its boxes where no scale was asked for."""

MOST_FOLDED = 600
"""Nodes of a graph that may come to as few boxes when composites are folded."""

Picture: TypeAlias = "DrawnCircuit | MappedCircuit"


class CircuitPanel(VerdictPane):
    """A picture of the graph, of which only the visible window is painted. Boxes bear the ``verdicts`` on nodes."""

    def __init__(self, moment: Moment, *, id: str | None = None, stops: Stops | None = None) -> None:  # noqa: A002  (Textual's word)
        super().__init__(moment, id=id)
        self.looking = self.view_shown = CircuitView()
        self.stops = Stops() if stops is None else stops
        self.remarks: Mapping[Remark, int] = {}
        self.finite = FiniteArrays()
        self.room = Room(80, 20)

    @cached_property
    def picture(self) -> Picture:
        """What is shown."""
        return self.picture_for([self.room])

    def choose(self, rooms: Sequence[Room]) -> int:
        """Choose the scale, if none was asked for, and which of ``rooms`` to be drawn for: the first that fits.

        Returns its index.
        """
        self.picture = self.picture_for(rooms)
        self.origin = Offset(0, 0)
        self.follow(self.selected or self.moment.name)
        return rooms.index(self.room)

    def picture_for(self, rooms: Sequence[Room]) -> Picture:
        """Return the first picture that fits, in the first room that it fits into; where there is none, a cut one."""
        views = list(self.views(max(room.width for room in rooms)))
        for self.view_shown, self.room in product(views, rooms):
            picture = self.made_picture(self.view_shown, self.room)
            if picture.fits:
                return picture
        self.view_shown = views[0]
        return self.made_picture(self.view_shown, self.room)

    def views(self, width: int) -> Iterator[CircuitView]:
        """Yield the views to be tried: all of the scale that was asked for, or those in which the graph may fit."""
        if not self.looking.scale and len(self.moment.graph.nodes) > MOST_FOLDED:
            yield self.looking.at(Scale.MAP)
            return
        label_width = label_widths(self.moment)[0]
        for view in self.looking.candidates(self.moment.graph):
            scale = view.scale or Scale.WHOLE
            graph = view.folding(self.moment.graph, scale).graph
            least = least_width(graph, label_width if scale is Scale.WHOLE else 0)
            may_fit = len(graph.nodes) <= MOST_DRAWN and least <= width
            if may_fit or self.looking.scale or scale is Scale.MAP:
                yield view

    def made_picture(self, view: CircuitView, room: Room) -> Picture:
        """Return the graph as a view has it."""
        scale = view.scale or Scale.WHOLE
        folding = view.folding(self.moment.graph, scale)
        if scale is not Scale.MAP:
            return DrawnCircuit(self.moment, scale, folding, room)
        picture = MappedCircuit(folding, room)
        if picture.is_legible:
            return picture
        if len(self.moment.graph.nodes) > MOST_FOLDED:
            return picture
        folded = MappedCircuit(self.looking.folding(self.moment.graph, Scale.BOXES), room)
        return folded if folded.is_legible else picture

    def obey(self, command: ShowCircuit) -> Answer:
        """Show the circuit in another way; the screen then gives it room."""
        match command:
            case ChangeScale(scale):
                self.looking = self.looking.at(Scale(scale) if scale else self.picture.scale.farther)
            case Fold(name):
                return self.fold(name or self.selected)
        return Answer()

    def fold(self, name: str | None) -> Answer:
        """Open or close the composite that a node is, or belongs to."""
        owner = self.folded_by(name or "")
        if owner is None:
            which = f"{visible(name, limit=40)} is one node" if name else "no node is selected"
            return refusal(f"{which}: there is nothing to open or close")
        self.looking = self.view_shown.toggle(owner)
        return Answer()

    def folded_by(self, name: str) -> str | None:
        """Return the group, or the composite, that is opened or closed at a node; None where there is neither."""
        graph = self.moment.graph
        if groups := find_groups(graph):
            return group_to_toggle(groups, self.view_shown.toggled, name)
        found = composites(graph).items()
        return next((it for it, members in found if name == it or name in members), None)

    def heading(self) -> Line:
        about = self.picture.about(self.moment)
        title = Span("Circuit", "title")
        return (title, Span(f" · {about}", "dim")) if about else (title,)

    def footing(self) -> Line:
        (x, y), (width, height) = self.origin, self.picture.size
        beyond = (x > 0, y > 0, y + self.inside.height < height, x + self.inside.width < width)
        arrows = "".join(arrow for arrow, is_more in zip("←↑↓→", beyond, strict=True) if is_more)
        return (Span(f"more {arrows}", "dim"), Span(" z: another scale", "dim")) if arrows else ()

    @property
    def extent(self) -> Size:
        return self.picture.size

    @property
    def window(self) -> Window:
        """The cells of the picture that are seen, or around it where it is smaller than the pane."""
        return Window(*self.origin, *self.inside)

    def clamp_origin(self) -> None:
        self.origin = Offset(*self.picture.bounded(self.window)[:2])

    def show(self, moment: Moment, selected: str | None) -> None:
        is_other = moment.graph is not self.moment.graph
        self.moment = moment
        if is_other:
            self.picture = self.picture_for([self.room])
        self.follow(selected or moment.name)
        super().show(moment, selected)

    def take_size(self, size: Size) -> None:
        super().take_size(size)
        self.follow(self.selected or self.moment.name)

    def follow(self, name: str | None) -> None:
        """Scroll where the box of ``name``, or what its step is about, would be out of sight."""
        if self.inside:
            self.origin = Offset(*self.picture.followed(self.window, name)[:2])

    def view(self, width: int, height: int) -> Sequence[Line]:
        if self.is_folded:
            return ()
        window = self.window._replace(width=width, height=height)
        return self.picture.lines(window, self.selected, self.signs)

    @property
    def signs(self) -> CircuitSigns:
        """What there is to mark at the cursor."""
        verdicts = self.verdicts.marks(self.moment.iteration - 1) if self.verdicts else {}
        return CircuitSigns(self.moment, verdicts, self.stops, self.remarks, self.finite)

    def prefetch(self) -> None:
        """Draw what may be wanted next, so that turning to it costs no more than a step."""
        self.picture.prefetch()

    @property
    def pointed_at(self) -> Command | None:
        """The next step of the selected value, where it is not the current one."""
        return None if self.selected in (None, self.moment.name) else RunTo(self.selected)

    @property
    def whereabouts(self) -> object:
        return self.selected, self.origin

    def point(self, columns: int, rows: int) -> None:
        """Select the nearest box in a direction."""
        here = self.selected or self.moment.graph.nodes[0].name
        if name := self.picture.neighbour(here, columns, rows):
            self.selected = name
            self.post_message(Asked(Select(name)))

    def on_click(self, event: events.Click) -> None:
        if name := self.picture.name_at(Offset(event.x - 1, event.y - 1) + self.origin):
            self.post_message(Asked(Select(name)))
