"""A row as it goes to the terminal: between two spans only what changes of their look, which is half the bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import COLOR_SYSTEMS, Console
from rich.segment import Segment
from textual.strip import Strip

from bptui.lines.cell_width import cells, split_cells
from bptui.lines.line import Line, Span, scrolled
from bptui.tui.palette import Looks


class PaintedRow(Strip):
    """A row that is written as it is, and a strip like any other where Textual lays something over it.

    Most rows are only ever written, so all else that a strip has is made when it is first asked for.
    """

    codes: str | None = None

    def __init__(self, line: Line, looks: Looks, width: int) -> None:
        self.line = line
        self.looks = looks
        self.width = width

    def __getattr__(self, name: str) -> Any:
        """Return what is not there yet: at the first look at any of it, a strip's segments and caches are made."""
        super().__init__([Segment(text, self.looks[style]) for text, style in self.line], self.width)
        return object.__getattribute__(self, name)

    @property
    def cell_length(self) -> int:
        return self.width

    def crop(self, start: int, end: int | None = None) -> Strip:
        start, end = max(0, start), self.width if end is None else min(end, self.width)
        if (start, end) == (0, self.width):
            return self
        room = max(0, end - start)
        return PaintedRow(tuple(beginning(scrolled(self.line, start), room)), self.looks, room)

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        places = list(cuts)
        return [self] if places == [self.width] else super().divide(places)

    def render(self, console: Console) -> str:
        if self.codes is None:
            changes = self.looks.changes(COLOR_SYSTEMS[console.color_system or "truecolor"])
            parts: list[str] = []
            look = None
            for text, style in self.line:
                parts += (changes[look, style], text)
                look = style
            self.codes = "".join((*parts, changes[look, None]))
        return self.codes


def beginning(line: Line, width: int) -> Iterator[Span]:
    """Yield the first ``width`` cells of a line; half a wide character at their end becomes a space."""
    for span in line:
        if width <= 0:
            return
        wide = cells(span.text)
        yield span if wide <= width else Span(first_cells(span.text, width), span.style)
        width -= wide


def first_cells(text: str, width: int) -> str:
    """Return the first ``width`` cells of a longer text; half a wide character at their end becomes a space."""
    if text.isascii():
        return text[:width]
    kept = split_cells(text)[:width]
    if cells("".join(kept)) > width:
        kept[-1] = " "
    return "".join(kept)
