"""The one widget that all panels are: a framed pane of lines that repaints only the cells that changed.

Layout and repainting are what a key costs in a terminal, so a pane keeps its rows as finished strips, compares the
new lines with the old ones, and asks for just the differing stretch of each row, without a new layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Offset, Region, Size
from textual.strip import Strip
from textual.widget import Widget

from bptui.core.moment import Moment
from bptui.core.text import visible
from bptui.tui.keys import ARROWS
from bptui.tui.line import Line, Span
from bptui.tui.palette import Palette, PlainPalette

LIGHT_FRAME = ("╭", "─", "╮", "│", "╰", "╯")
HEAVY_FRAME = ("┏", "━", "┓", "┃", "┗", "┛")
"""The frame of the pane that has the focus: heavier, so that no colour is needed to see it."""


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
        self.rows: list[Line] = []
        self.strips: list[Strip] = []
        self.drawn_size = Size(0, 0)
        self.palette: Palette | PlainPalette | None = None

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
        return [shifted(line, self.origin.x) for line in self.content(width, height)[self.origin.y :][:height]]

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
    def inside(self) -> Size:
        """The room within the frame."""
        width, height = self.size
        return Size(max(0, width - 2), max(0, height - 2)) if self.is_framed else self.size

    @property
    def is_folded(self) -> bool:
        """Whether there is room for one row only, as on a small terminal."""
        return self.is_framed and self.size.height == 1

    def folded_row(self) -> Line:
        """Return the pane in one row: its title, and the first line of what it shows."""
        mark = Span("▸ ", "focus" if self.has_focus else "frame")
        first = next(iter(self.view(max(0, self.size.width - 4), 1)), ())
        return fitted((mark, *self.heading(), Span("  "), *first), self.size.width)

    def show(self, moment: Moment, selected: str | None) -> None:
        """Show another moment, or another value of it."""
        self.moment = moment
        self.selected = selected
        self.renew()

    def renew(self) -> None:
        """Make the lines anew and repaint what differs from those on the screen."""
        self.made = None
        width, height = self.size
        if not width or not height:
            return
        whole = self.size != self.drawn_size
        if whole:
            self.rows, self.strips, self.drawn_size = [], [], self.size
        self.clamp_origin()
        changes = self.replace_rows(self.framed_rows(), width)
        if whole:
            self.refresh()
        elif changes:
            self.refresh(*changes)

    def replace_rows(self, rows: list[Line], width: int) -> list[Region]:
        """Take over ``rows``, and return where they differ from those before."""
        palette = self.palette or self.resolve_palette()
        strips, changes = [], []
        for y, (old, new) in enumerate(zip_longest(self.rows, rows, fillvalue=None)):
            if new is None:
                continue
            if old == new:
                strips.append(self.strips[y])
                continue
            strips.append(strip_of(new, palette, width))
            first, end = changed_columns(old, new, width)
            changes.append(Region(first, y, end - first, 1))
        self.rows, self.strips = rows, strips
        return changes

    def framed_rows(self) -> list[Line]:
        """Return all rows of the widget, its frame included."""
        if self.is_folded:
            return [self.folded_row()]
        width, height = self.inside
        content = list(self.view(width, height))[:height]
        content += [()] * (height - len(content))
        if not self.is_framed:
            return [fitted(line, width) for line in content]
        left, edge, right, side, lower_left, lower_right = HEAVY_FRAME if self.has_focus else LIGHT_FRAME
        style = "focus" if self.has_focus else "frame"
        bar = Span(side, style)
        top = edge_row(self.heading(), left + edge, edge + right, width + 2, style)
        bottom = edge_row(self.footing(), lower_left + edge, edge + lower_right, width + 2, style, at_end=True)
        return [top, *((bar, *fitted(line, width), bar) for line in content), bottom]

    def resolve_palette(self) -> Palette | PlainPalette:
        """Return the theme's styles, looked up once for each theme."""
        app = self.app
        if app.no_color:
            self.palette = PlainPalette()
        else:
            theme = app.theme_variables
            self.palette = Palette(
                foreground=theme["foreground"], background=theme["background"], is_dark=app.current_theme.dark
            )
        return self.palette

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.palette = None
        self.drawn_size = Size(0, 0)

    def render_lines(self, crop: Region) -> list[Strip]:
        if self.size != self.drawn_size:
            self.renew()
        self._dirty_regions.clear()
        strips = self.strips[crop.y : crop.bottom]
        if crop.x == 0 and crop.width >= self.size.width:
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

    def action_move(self, columns: int, rows: int) -> None:
        """Scroll by so many cells."""
        self.move(columns, rows)

    def action_page(self, pages: int) -> None:
        """Scroll by so many pages."""
        self.move(0, pages * max(1, self.inside.height - 1))

    def action_home(self) -> None:
        """Scroll to the beginning."""
        self.move(-self.origin.x, -self.origin.y)

    def action_end(self) -> None:
        """Scroll to the end."""
        self.move(0, self.extent.height)

    def on_resize(self) -> None:
        self.renew()

    def on_focus(self) -> None:
        self.renew()

    def on_blur(self) -> None:
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


def line_width(line: Line) -> int:
    """Return how many cells a line takes."""
    return sum([cell_len(text) for text, _ in line])


def fitted(line: Line, width: int) -> Line:
    """Return ``line`` at exactly ``width`` cells: padded, or cut with an ellipsis."""
    missing = width - line_width(line)
    if missing >= 0:
        return (*line, Span(" " * missing)) if missing else line
    return cut(line, width)


def cut(line: Line, width: int) -> Line:
    """Return the first ``width`` cells of a line that is longer, the last of them an ellipsis."""
    kept: list[Span] = []
    room = width - 1
    for text, style in line:
        taken = 0
        while taken < len(text) and (cells := cell_len(text[taken])) <= room:
            room -= cells
            taken += 1
        kept.append(Span(text[:taken], style))
        if taken < len(text):
            break
    return (*kept, Span("…" + " " * room, "dim")) if width > 0 else ()


def shifted(line: Line, columns: int) -> Line:
    """Return ``line`` without its first ``columns`` cells."""
    if not columns:
        return line
    rest: list[Span] = []
    for text, style in line:
        taken = 0
        while columns > 0 and taken < len(text):
            columns -= cell_len(text[taken])
            taken += 1
        if taken < len(text):
            rest.append(Span(" " * -columns + text[taken:] if taken and columns < 0 else text[taken:], style))
            columns = max(0, columns)
    return tuple(rest)


def edge_row(title: Line, left: str, right: str, width: int, style: str, *, at_end: bool = False) -> Line:
    """Return a frame's upper or lower edge with ``title`` in it."""
    edge = left[-1]
    room = width - len(left) - len(right)
    if not title or room < 4:
        return (Span(left + edge * max(0, room) + right, style),)
    middle: Line = (Span(" "), *title, Span(" "))
    middle = fitted(middle, min(line_width(middle), room))
    rest = edge * (room - line_width(middle))
    if at_end:
        return (Span(left + rest, style), *middle, Span(right, style))
    return (Span(left, style), *middle, Span(rest + right, style))


def strip_of(line: Line, palette: Palette | PlainPalette, width: int) -> Strip:
    """Return a line as Textual paints it, with nothing in it that a terminal would obey."""
    segments = [
        Segment(text if text.isprintable() else visible(text, limit=len(text)), palette[style])
        for text, style in line
        if text
    ]
    return Strip(segments).adjust_cell_length(width, palette[""])


def changed_columns(old: Line | None, new: Line, width: int) -> tuple[int, int]:
    """Return the first and the end column of the stretch in which two lines of one width differ."""
    if old is None:
        return 0, width
    same = 0
    for before, after in zip(old, new, strict=False):
        if before != after:
            break
        same += 1
    same_at_end = 0
    for before, after in zip(reversed(old[same:]), reversed(new[same:]), strict=False):
        if before != after:
            break
        same_at_end += 1
    tail = new[len(new) - same_at_end :]
    return line_width(new[:same]), width - line_width(tail)
