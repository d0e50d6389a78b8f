"""What a terminal that is too small shows instead of everything."""

from __future__ import annotations

from bptui.lines.line import Line, Span
from bptui.tui.pane import Pane

SMALLEST = (60, 15)


class TooSmall(Pane):
    """How large the terminal must be, and how large it is."""

    is_framed = False

    def lines(self, width: int, height: int) -> list[Line]:
        columns, rows = SMALLEST
        needs, has = f"needs {columns}x{rows}", f"(this is {width}x{height})"
        if len(needs) + 1 + len(has) <= width:
            return [(Span(f"{needs} {has}"),)]
        return [(Span(needs),), (Span(has),)]
