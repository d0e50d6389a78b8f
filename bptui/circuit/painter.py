"""Painting the visible part of a drawing: spans of text and style, row by row, and only the rows that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from itertools import groupby, islice
from typing import NamedTuple, TypeAlias

from bptui.circuit.canvas import WirePieces
from bptui.circuit.drawing import Box, Drawing, Label
from bptui.circuit.layout import LIGHT, ROUND, border
from bptui.circuit.window import Window
from bptui.deferred_dataclass import dataclass
from bptui.lines import cell_width
from bptui.lines.cell_width import padded_cells
from bptui.lines.line import Line, Span
from bptui.lines.signs import SIGN_STYLES

Texts: TypeAlias = Callable[[Label], Span]
"""What is written at a label, and in which style; no text where nothing is known yet."""

HEAVY = "┏━┓┃┗┛"
DOUBLE = "╔═╗║╚╝"


@dataclass(frozen=True)
class Highlight:
    """What stands out: the node at the cursor, the selected value, some wires, and a mark at some boxes (``▶``, ``✗``).

    ``wires`` are values by name, whose wires are drawn heavily from end to end.
    """

    current: str | None = None
    selected: str | None = None
    wires: frozenset[str] = frozenset()
    marks: Mapping[str, str] = field(default_factory=dict)


PLAIN = Highlight()


class Painter:
    """Paints windows of one drawing, and keeps the rows that it painted last."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing = drawing
        self.painted: dict[int, tuple[object, Line]] = {}

    def paint(self, window: Window, texts: Texts, highlight: Highlight = PLAIN) -> list[Line]:
        """Return the spans of each visible row, exactly ``window.width`` cells together.

        A row that looks as it did in the last painting is the same object again.
        """
        kept, self.painted = self.painted, {}
        rows = []
        for y in range(window.y, window.y + window.height):
            content = self.content(y, window, texts, highlight)
            key = (window.x, window.width, content)
            before = kept.get(y)
            row = before[1] if before and before[0] == key else self.paint_row(y, window, content)
            self.painted[y] = (key, row)
            rows.append(row)
        return rows

    def content(self, y: int, window: Window, texts: Texts, highlight: Highlight) -> tuple[Content, ...]:
        """Return what changes from step to step in the visible part of a row."""
        if not 0 <= y < self.drawing.height:
            return ()
        left, right = window.x, window.x + window.width
        wires = self.drawing.wires[y]
        boxes = [self.drawing.boxes[index] for index in self.drawing.boxes_by_row[y]]
        emphases = [emphasis_of(box, highlight) for box in boxes if box.x < right and box.x + box.width > left]
        labels = [label for label in self.drawing.labels_by_row[y] if label.x < right and label.x + label.width > left]
        lit = [HighlightedWire(wires[name]) for name in sorted(highlight.wires & wires.keys())]
        return (
            *lit,
            *[seen for seen in emphases if seen.matters],
            *[WrittenLabel(label, *texts(label)) for label in labels],
        )

    def paint_row(self, y: int, window: Window, content: Iterable[Content]) -> Line:
        """Return one row from scratch."""
        if not 0 <= y < self.drawing.height:
            return (Span(" " * window.width),)
        static_cells, static_styles = self.drawing.rows[y]
        cells, styles = list(static_cells), list(static_styles)
        for change in content:
            match change:
                case WrittenLabel(label, text, style) if text:
                    place = slice(label.x, label.x + label.width)
                    cells[place] = padded_cells(text, label.width, right=label.is_right_aligned)
                    styles[place] = [style] * label.width
                case HighlightedWire(pieces):
                    for x, cells[x] in pieces:
                        styles[x] = "lit"
                case Emphasis():
                    draw_emphasis(cells, styles, change, y)
        return spans_of(*crop(cells, styles, window))


class WrittenLabel(NamedTuple):
    """A label with its text."""

    label: Label
    text: str
    style: str


class HighlightedWire(NamedTuple):
    """The part of a wire that lies in a row and stands out."""

    pieces: WirePieces


class Emphasis(NamedTuple):
    """How a box stands out."""

    box: Box
    is_current: bool
    is_selected: bool
    mark: str

    @property
    def matters(self) -> bool:
        """Whether it looks other than in the drawing itself."""
        return self.is_current or self.is_selected or bool(self.mark)

    @property
    def characters(self) -> str:
        """The border's: heavy at the cursor, double where selected."""
        if self.is_current:
            return HEAVY
        if self.is_selected:
            return DOUBLE
        return LIGHT if self.box.kind == "node" else ROUND


Content: TypeAlias = "WrittenLabel | HighlightedWire | Emphasis"


def emphasis_of(box: Box, highlight: Highlight) -> Emphasis:
    """Return how ``box`` stands out; marks belong to a value's own box."""
    is_own = box.kind in {"node", "leaf", "output"}
    mark = highlight.marks.get(box.name, "") if is_own else ""
    return Emphasis(box, is_own and box.name == highlight.current, box.name == highlight.selected, mark)


def draw_emphasis(cells: list[str], styles: list[str], emphasis: Emphasis, y: int) -> None:
    """Draw the border of a box that stands out into row ``y``, and its mark into the top right corner."""
    box = emphasis.box
    if not box.is_framed:
        draw_name_emphasis(cells, styles, emphasis)
        return
    row = border(box, emphasis.characters)[y - box.y]
    style = "current" if emphasis.is_current else "selected" if emphasis.is_selected else styles[box.x]
    is_edge = y in {box.y, box.y + box.height - 1}
    for offset in range(box.width) if is_edge else (0, box.width - 1):
        cells[box.x + offset], styles[box.x + offset] = row[offset], style
    if emphasis.is_selected and not is_edge:
        styles[box.x + 1 : box.x + box.width - 1] = ["selected"] * (box.width - 2)
    if emphasis.mark and y == box.y:
        mark = padded_cells(emphasis.mark, min(cell_width.cells(emphasis.mark), box.width - 2))
        place = slice(box.x + box.width - 1 - len(mark), box.x + box.width - 1)
        cells[place], styles[place] = mark, [SIGN_STYLES.get(cell, "mark") for cell in mark]


def draw_name_emphasis(cells: list[str], styles: list[str], emphasis: Emphasis) -> None:
    """Let a name without a frame stand out, its mark in the cell after it."""
    place = slice(emphasis.box.x, emphasis.box.x + emphasis.box.width)
    if emphasis.is_current or emphasis.is_selected:
        styles[place] = ["current" if emphasis.is_current else "selected"] * emphasis.box.width
    if emphasis.mark:
        last = emphasis.box.x + emphasis.box.width - 1
        cells[last], styles[last] = emphasis.mark[-1], SIGN_STYLES.get(emphasis.mark[-1], "mark")


def crop(cells: list[str], styles: list[str], window: Window) -> tuple[list[str], list[str]]:
    """Return the visible cells; half a wide character at an edge becomes a space."""
    outside = max(0, -window.x)
    seen = slice(max(0, window.x), max(0, window.x + window.width))
    shown, kinds = cells[seen], styles[seen]
    if shown and not shown[0]:
        shown[0] = " "
    if shown and seen.stop < len(cells) and not cells[seen.stop]:
        shown[-1] = " "
    before = min(outside, window.width)
    after = window.width - before - len(shown)
    return [" "] * before + shown + [" "] * after, [""] * before + kinds + [""] * after


def spans_of(cells: list[str], styles: list[str]) -> Line:
    """Return runs of equal style."""
    rest = iter(cells)
    return tuple(Span("".join(islice(rest, len(list(run)))), style) for style, run in groupby(styles))
