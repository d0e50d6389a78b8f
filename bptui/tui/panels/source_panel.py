"""Inside a layer: its own source with the line that is about to run, and what every name stands for there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from textual.geometry import Offset, Size

from bptui.core import text
from bptui.lines.line import Line, Span, fitted
from bptui.lines.signs import FAIL
from bptui.tui.content.calling_rows import calling_rows
from bptui.tui.content.source_names import name_lines, names_height
from bptui.tui.content.source_rows import SourceRow, digits_of, rows_of
from bptui.tui.pane import Pane

if TYPE_CHECKING:
    from bptui.stepping.line_tape import LineCursor

MARGIN = 4
"""Cells beside the number of a line: the sign before it, and the gap after it."""

LEAST_NAMES = 4


class SourcePanel(Pane):
    """The course of the method that the debugger has gone into, at its cursor."""

    cursor: LineCursor | None = None
    followed: tuple[LineCursor, Size] | None = None

    def heading(self) -> Line:
        if self.cursor is None:
            return ()
        tape = self.cursor.tape
        place = f" · {file_name(self.cursor.step.file or tape.file)} · {self.cursor.index + 1}/{len(tape.steps)}"
        return (Span(text.visible(tape.called, limit=60), "title"), Span(place, "dim"))

    def footing(self) -> Line:
        if self.cursor is None:
            return ()
        onward = ("n", "next step") if self.cursor.is_at_end else ("s", "next line")
        keys = (onward, ("S", "line back"), ("f", "out"))
        return tuple(span for key, word in keys for span in (Span(f"{key} ", "key"), Span(f"{word} ", "dim")))

    def folded_row(self) -> Line:
        return self.heading()

    @property
    def extent(self) -> Size:
        width, height = self.inside
        if self.cursor is None:
            return self.inside
        return Size(width, len(self.listing(self.cursor)) + height - self.code_height(self.cursor))

    def listing(self, cursor: LineCursor) -> tuple[SourceRow, ...]:
        """Return all rows of the source of the file in which the cursor stands."""
        file = cursor.step.file
        return rows_of(cursor.tape, max(1, self.inside.width - MARGIN - digits_of(cursor.tape, file)), file)

    def code_height(self, cursor: LineCursor) -> int:
        """Return how many rows of the source are seen: what the names leave, which is most of the room."""
        width, height = self.inside
        height -= len(calling_rows(cursor.tape.caller, width, height))
        most = max(LEAST_NAMES, height * 2 // 5)
        return max(1, min(height - min(names_height(cursor.tape, width), most) - 1, len(self.listing(cursor))))

    def view(self, width: int, height: int) -> Sequence[Line]:
        if self.cursor is None:
            return ()
        shown = self.code_height(self.cursor)
        self.follow(self.cursor, shown)
        rows = self.listing(self.cursor)[self.origin.y :][:shown]
        calling = calling_rows(self.cursor.tape.caller, width, height)
        names = name_lines(self.cursor, width, height - len(calling) - shown - 1)
        return [*calling, *code_lines(self.cursor, rows, width), rule(self.cursor, width), *names]

    def follow(self, cursor: LineCursor, shown: int) -> None:
        """Scroll such that the line about to run is seen, wherever the cursor has been since."""
        if self.followed == (cursor, self.inside):
            return
        before = self.followed[0] if self.followed else None
        is_new = before is None or before.tape is not cursor.tape or before.step.file != cursor.step.file
        self.followed = cursor, self.inside
        rows = self.listing(cursor)
        top = first_top(cursor, rows, shown) if is_new else self.origin.y
        self.origin = Offset(0, max(0, min(top_that_shows(cursor.step.line, rows, top, shown), len(rows) - shown)))


def file_name(path: str) -> str:
    """Return the end of a path: the file, and the folder that it lies in."""
    return text.visible("/".join(PurePath(path).parts[-2:]), limit=60)


def first_top(cursor: LineCursor, rows: Sequence[SourceRow], shown: int) -> int:
    """Return the first row to show of a method just entered: its class's, if all of the method is seen from there."""
    if cursor.step.file:
        return 0
    numbers = [row.number for row in rows]
    last = max(step.line for step in cursor.tape.steps if not step.depth)
    return 0 if numbers.index(last) < shown else numbers.index(cursor.tape.first)


def top_that_shows(number: int, rows: Sequence[SourceRow], top: int, shown: int) -> int:
    """Return the first row to show, moved only where line ``number`` would not be seen, and then by a good stretch."""
    places = [place for place, row in enumerate(rows) if row.number == number]
    if top <= places[0] and places[-1] < top + shown:
        return top
    return max(0, places[0] - shown // 4)


def code_lines(cursor: LineCursor, rows: Sequence[SourceRow], width: int) -> list[Line]:
    """Return rows of the source, with their numbers and signs."""
    lines_run, digits = cursor.lines_run, digits_of(cursor.tape, cursor.step.file)
    lines: list[Line] = []
    for number, code, is_first in rows:
        shown = f"{number if is_first and number else '' if number else '⋮':>{digits}}  "
        if number == cursor.step.line:
            lines.append(current_line(cursor, shown, code, width, is_first=is_first))
        else:
            has_run = number in lines_run
            sign = "•" if has_run and is_first else " "
            lines.append((Span(f"{sign} {shown}", "strong" if has_run else "dim"), *code))
    return lines


def current_line(cursor: LineCursor, number: str, code: Line, width: int, *, is_first: bool) -> Line:
    """Return a row of the line that the cursor stands at, marked from edge to edge."""
    sign = FAIL if cursor.step.has_raised else "➤"
    row = fitted((Span(f" {number}"), *code), width - 1)
    return (Span(sign if is_first else " ", "mark"), Span("".join(span.text for span in row), "current"))


def rule(cursor: LineCursor, width: int) -> Line:
    """Return what parts the source from the names below it."""
    depth = cursor.step.depth
    where = f"names, {depth} call{'s' if depth > 1 else ''} deep" if depth else "names"
    legend = (Span("*", "changed"), Span(" changed by the line before ", "dim"))
    return fitted((Span("── ", "frame"), Span(f"{where}  ", "dim"), *legend, Span("─" * width, "frame")), width + 1)[
        :-1
    ]
