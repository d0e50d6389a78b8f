"""The one widget that all panels are: a framed pane of lines that repaints only the cells that changed.

Layout and repainting are what a key costs in a terminal, so a pane keeps its rows as finished strips, compares the
new lines with the old ones, and asks for just the differing stretch of each row, without a new layout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.geometry import Offset, Region, Size
from textual.strip import Strip
from textual.widget import Widget

from bptui.core.command import Command
from bptui.core.moment import Moment
from bptui.lines.line import Line, Span, line_width, scrolled
from bptui.tui.keys import ARROWS
from bptui.tui.message import Refused
from bptui.tui.painted_row import PaintedRow
from bptui.tui.palette import Looks, PlainPalette, palette_of
from bptui.tui.row import changed_width, edge_row, laid
from bptui.tui.textual_private import forget_dirty_regions, repaint

if TYPE_CHECKING:
    from bptui.checking.verdicts import Verdicts

LIGHT_FRAME = ("╭", "─", "╮", "│", "╰", "╯")
HEAVY_FRAME = ("┏", "━", "┓", "┃", "┗", "┛")
"""The frame of the pane that has the focus: heavier, so that no colour is needed to see it."""

NOTHING_THERE = "there is nothing more that way"


class Pane(Widget):
    """Lines in a frame. A panel says what they are in ``lines``; all the rest is done here.

    A panel whose content is larger than anyone wants to make (a long tape, a big array) overrides ``view`` and
    ``extent`` instead, and makes only what is seen at ``origin``.
    """

    DEFAULT_CSS = "Pane { width: 1fr; height: 1fr; }"
    ALLOW_SELECT = False
    BINDINGS = [*ARROWS]
    is_framed: ClassVar[bool] = True

    def __init__(self, moment: Moment, *, id: str | None = None, can_focus: bool = True) -> None:  # noqa: A002  (Textual's word)
        super().__init__(id=id)
        self.can_focus = can_focus
        self.moment = moment
        self.selected: str | None = moment.name
        self.origin = Offset(0, 0)
        self.drawn: list[Line] = []
        self.rows: list[Line] = []
        self.strips: list[Strip] = []
        self.drawn_size = Size(0, 0)
        self.inside = Size(0, 0)
        self.is_folded = False
        self.palette: Looks | None = None

    def lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        """Return the content, made for an inside of this size; lines beyond its height can be scrolled to."""
        return ()

    def heading(self) -> Line:
        """Return the frame's title."""
        return ()

    def footing(self) -> Line:
        """Return what the frame's lower edge says: by default, how much is out of sight below."""
        below = self.extent.height - self.origin.y - self.inside.height
        return (Span(f"↓ {below} more", "dim"),) if below > 0 else ()

    def view(self, width: int, height: int) -> Sequence[Line]:
        """Return the lines that are seen from ``origin`` on."""
        return [scrolled(line, self.origin.x) for line in self.content(width, height)[self.origin.y :][:height]]

    @property
    def extent(self) -> Size:
        """How large the content is, in cells."""
        content = self.content(*self.inside)
        return Size(max((line_width(line) for line in content), default=0), len(content))

    def content(self, width: int, height: int) -> Sequence[Line]:
        """Return ``lines``, made at most once for each renewal."""
        if self.made is None:
            self.made = self.lines(width, height)
        return self.made

    made: Sequence[Line] | None = None

    @property
    def pointed_at(self) -> Command | None:
        """What Enter asks for where the person has chosen something in this pane."""
        return None

    def folded_row(self) -> Line:
        """Return the pane in one row: its title, and the first line of what it shows."""
        title = (Span("▸ ", "focus" if self.has_focus else "frame"), *self.heading(), Span("  "))
        return (*title, *self.folded_line(max(0, self.inside.width - line_width(title))))

    def folded_line(self, width: int) -> Line:
        """Return what stands behind the title of a folded pane: the first line of what it shows."""
        return next(iter(self.view(width, 1)), ())

    def show(self, moment: Moment, selected: str | None) -> None:
        """Show another moment, or another value of it."""
        self.moment = moment
        self.selected = selected
        self.renew()

    def renew(self) -> None:
        """Make the lines anew and repaint what differs from those on the screen."""
        self.made = None
        size = self.size
        if not size:
            return
        is_whole = size != self.drawn_size
        if is_whole:
            self.take_size(size)
        self.clamp_origin()
        changes = self.replace_rows([self.folded_row()] if self.is_folded else self.sources())
        if is_whole:
            self.refresh()
        elif changes and self.display:
            repaint(self, changes)

    def take_size(self, size: Size) -> None:
        """Forget what was drawn in another size, in other colours or in another frame."""
        width, height = size
        self.drawn_size = size
        self.is_folded = self.is_framed and height == 1
        is_inset = self.is_framed and not self.is_folded
        self.inside = Size(max(0, width - 2), max(0, height - 2)) if is_inset else size
        self.drawn, self.rows, self.strips = [], [], []

    def sources(self) -> list[Line]:
        """Return what the rows are made of: the frame's title, the content, and what its lower edge says."""
        width, height = self.inside
        content = list(self.view(width, height))[:height]
        content += [()] * (height - len(content))
        return [self.heading(), *content, self.footing()] if self.is_framed else content

    def replace_rows(self, sources: list[Line]) -> list[Region]:
        """Make the rows anew whose sources have changed, and return where they differ from those before."""
        palette = self.palette or self.resolve_palette()
        width = self.drawn_size.width
        if not self.drawn:
            self.rows = [self.row(y, source) for y, source in enumerate(sources)]
            self.strips = [PaintedRow(row, palette, width) for row in self.rows]
            self.drawn = sources
            return []
        changes = []
        for y, (old, new) in enumerate(zip(self.drawn, sources, strict=True)):
            if old != new:
                row = self.row(y, new)
                if end := changed_width(self.rows[y], row, width):
                    changes.append(Region(0, y, end, 1))
                self.rows[y], self.strips[y] = row, PaintedRow(row, palette, width)
        self.drawn = sources
        return changes

    def row(self, y: int, source: Line) -> Line:
        """Return the whole row of the widget that is made of ``source``, its part of the frame included."""
        width, height = self.drawn_size
        if not self.is_framed or self.is_folded:
            return laid(source, width)
        left, edge, right, side, lower_left, lower_right = HEAVY_FRAME if self.has_focus else LIGHT_FRAME
        style = "focus" if self.has_focus else "frame"
        if y == 0:
            return edge_row(source, left + edge, edge + right, width, style)
        if y == height - 1:
            return edge_row(source, lower_left + edge, edge + lower_right, width, style, at_end=True)
        bar = Span(side, style)
        return (*laid((bar, *source), width - 1), bar)

    def resolve_palette(self) -> Looks:
        """Return the theme's styles, looked up once for each theme."""
        app = self.app
        if app.no_color:
            self.palette = PlainPalette()
        else:
            theme = app.theme_variables
            self.palette = palette_of(theme["foreground"], theme["background"], app.current_theme.dark)
        return self.palette

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.palette = None
        self.drawn_size = Size(0, 0)

    def render_lines(self, crop: Region) -> list[Strip]:
        size = self.size
        if size != self.drawn_size:
            self.renew()
        forget_dirty_regions(self)
        strips = self.strips[crop.y : crop.bottom]
        if crop.x == 0 and crop.width >= size.width:
            return strips
        return [strip.crop(crop.x, crop.right) for strip in strips]

    def clamp_origin(self) -> None:
        """Bring ``origin`` back to where there is content."""
        if self.origin == (0, 0):
            return
        room = self.extent - self.inside
        self.origin = Offset(min(self.origin.x, max(0, room.width)), min(self.origin.y, max(0, room.height)))

    def move(self, columns: int, rows: int) -> None:
        """Scroll by so many cells, as far as there is content."""
        self.origin = Offset(max(0, self.origin.x + columns), max(0, self.origin.y + rows))
        self.renew()

    @property
    def whereabouts(self) -> object:
        """Where the person is in this pane, as far as the keys that point can change it."""
        return self.origin

    def point(self, columns: int, rows: int) -> None:
        """Do what the arrow keys ask for: by default, scroll."""
        self.move(columns, rows)

    def point_home(self) -> None:
        """Scroll to the beginning."""
        self.move(-self.origin.x, -self.origin.y)

    def point_end(self) -> None:
        """Scroll to the end."""
        self.move(0, self.extent.height)

    def action_point(self, columns: int, rows: int) -> None:
        """Do what an arrow key asks for."""
        self.attempt(partial(self.point, columns, rows))

    def action_page(self, pages: int) -> None:
        """Scroll by so many pages."""
        self.attempt(partial(self.move, 0, pages * max(1, self.inside.height - 1)))

    def action_home(self) -> None:
        """Go to the beginning."""
        self.attempt(self.point_home)

    def action_end(self) -> None:
        """Go to the end."""
        self.attempt(self.point_end)

    def attempt(self, go: Callable[[], None]) -> None:
        """Do what a key that points asks for, and say so where it leads nowhere."""
        before = self.whereabouts
        go()
        if self.whereabouts == before:
            self.post_message(Refused(NOTHING_THERE))

    def on_resize(self) -> None:
        self.renew()

    def on_focus(self) -> None:
        self.draw_anew()

    def on_blur(self) -> None:
        self.draw_anew()

    def draw_anew(self) -> None:
        """Draw everything anew, the frame too."""
        self.drawn_size = Size(0, 0)
        self.renew()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move(0, 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move(0, -3)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        event.stop()
        self.move(-6, 0)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        event.stop()
        self.move(6, 0)


class VerdictPane(Pane):
    """A pane that shows what is known of nodes, as soon as any of them is checked."""

    verdicts: Verdicts | None = None
