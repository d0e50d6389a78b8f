"""Lines as rows of a fixed width: measured in cells, cut, padded and compared."""

from __future__ import annotations

from bptui.core.text import visible
from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span, cut, line_width
from bptui.tui.palette import FLAT, SAME


def laid(line: Line, width: int) -> Line:
    """Return ``line`` as a row of exactly ``width`` cells, with nothing in it that a terminal would obey.

    Spans that look alike become one, and spaces join what stands before them: each span costs bytes on the wire.
    """
    spans: list[Span] = []
    room = width
    last = None
    for span in line:
        text, style = span
        if not text:
            continue
        if not text.isprintable():
            text = visible(text, limit=len(text))
        style = SAME.get(style, style)
        room -= len(text) if text.isascii() else cells(text)
        if style == last or (style in FLAT and last in FLAT and text.isspace()):
            spans[-1] = Span(spans[-1][0] + text, last or "")
        else:
            spans.append(Span(text, style))
            last = style
    if room < 0:
        return cut(tuple(spans), width)
    if room and last in FLAT:
        spans[-1] = Span(spans[-1][0] + " " * room, last or "")
    elif room:
        spans.append(Span(" " * room))
    return tuple(spans)


def edge_row(title: Line, left: str, right: str, width: int, style: str, *, at_end: bool = False) -> Line:
    """Return a frame's upper or lower edge with ``title`` in it."""
    edge = left[-1]
    room = width - len(left) - len(right)
    if not title or room < 4:
        return (Span(left + edge * max(0, room) + right, style),)
    middle: Line = (Span(" "), *title, Span(" "))
    middle = laid(middle, min(line_width(middle), room))
    rest = edge * (room - line_width(middle))
    if at_end:
        return (Span(left + rest, style), *middle, Span(right, style))
    return (Span(left, style), *middle, Span(rest + right, style))


def changed_width(old: Line, new: Line, width: int) -> int:
    """Return how far, in cells, two rows of one width differ; 0 where they are equal.

    Where they start to differ does not matter: Textual paints a pane's row from its first cell in any case.
    """
    end = width
    for before, after in zip(reversed(old), reversed(new), strict=False):
        if before != after:
            break
        end -= cells(after[0])
    return end
