"""Inside a layer: its own source with the line that is about to run, and what every name stands for there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from textual.geometry import Offset, Size

from bptui.core import text
from bptui.core.source.line_tape import Event, LineCursor, LineTape
from bptui.tui.line import Line, Span
from bptui.tui.pane import Pane
from bptui.tui.row import fitted, shifted
from bptui.tui.source_names import name_lines
from bptui.tui.tape_panel import following


class SourcePanel(Pane):
    """The course of the method that the debugger has gone into, at its cursor."""

    cursor: LineCursor | None = None
    followed: tuple[LineCursor, Size] | None = None

    def heading(self) -> Line:
        if self.cursor is None:
            return ()
        tape = self.cursor.tape
        place = f" · {file_name(tape.file)} · line step {self.cursor.index + 1}/{len(tape.steps)}"
        return (Span(text.visible(f"{tape.layer}.{tape.method}", limit=60), "title"), Span(place, "dim"))

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
        if self.cursor is None:
            return self.inside
        height = self.inside.height
        total = len(numbers_shown(self.cursor.tape))
        widest = max(len(line) for line in self.cursor.tape.source.values())
        return Size(widest + margin(self.cursor.tape), total + height - code_height(height, total))

    def view(self, width: int, height: int) -> Sequence[Line]:
        if self.cursor is None:
            return ()
        shown = code_height(height, len(numbers_shown(self.cursor.tape)))
        self.follow(self.cursor, shown)
        code = code_lines(self.cursor, self.origin.y, self.origin.x, width)[:shown]
        return [*code, rule(self.cursor, width), *name_lines(self.cursor, width, height - shown - 1)]

    def follow(self, cursor: LineCursor, shown: int) -> None:
        """Scroll such that the line about to run is seen; a method that has just been entered, from its first line."""
        if self.followed == (cursor, self.inside):
            return
        numbers = numbers_shown(cursor.tape)
        row, top = numbers.index(cursor.step.line), self.origin.y
        if self.followed is None or self.followed[0].tape is not cursor.tape:
            first = numbers.index(cursor.tape.first)
            top = 0 if row < shown else first if row < first + shown - 1 else row - shown // 4
        self.followed = cursor, self.inside
        self.origin = Offset(self.origin.x, min(following(top, row, shown), max(0, len(numbers) - shown)))


def file_name(path: str) -> str:
    """Return the end of a path: the file, and the folder that it lies in."""
    return text.visible("/".join(PurePath(path).parts[-2:]), limit=60)


def code_height(height: int, total: int) -> int:
    """Return how many of ``height`` rows the source takes: most of them, or all that it has."""
    return max(1, min(height - max(4, height * 2 // 5) - 1, total))


def numbers_shown(tape: LineTape) -> list[int | None]:
    """Return the number of each line that can be scrolled to, and None where lines are left out between two."""
    numbers: list[int | None] = []
    for number in tape.source:
        if numbers and numbers[-1] != number - 1:
            numbers.append(None)
        numbers.append(number)
    return numbers


def margin(tape: LineTape) -> int:
    """Return how many cells stand before a line's text."""
    return len(str(max(tape.source))) + 3


def code_lines(cursor: LineCursor, top: int, left: int, width: int) -> list[Line]:
    """Return the source from row ``top`` on, without its first ``left`` columns."""
    from bptui.tui.highlight import highlighted  # noqa: PLC0415  (few sessions go into a layer, and start sooner)

    tape = cursor.tape
    code = dict(zip(tape.source, highlighted(tuple(tape.source.values())), strict=True))
    lines_run, digits = cursor.lines_run, margin(tape) - 3
    lines: list[Line] = []
    for number in numbers_shown(tape)[top:]:
        if number is None:
            lines.append((Span(" " * (digits + 1) + "⋮", "dim"),))
        elif number == cursor.step.line:
            lines.append(current_line(cursor, f"{number:>{digits}} ", shifted(code[number], left), width))
        else:
            has_run = number in lines_run
            gutter = Span(f"{'•' if has_run else ' '}{number:>{digits}}  ", "strong" if has_run else "dim")
            lines.append((gutter, *shifted(code[number], left)))
    return lines


def current_line(cursor: LineCursor, number: str, code: Line, width: int) -> Line:
    """Return the line that the cursor stands at, marked from edge to edge."""
    sign = "✗" if cursor.step.event is Event.EXCEPTION else "➤"
    row = fitted((Span(number), Span(" "), *code), width - 1)
    return (Span(sign, "mark"), Span("".join(span.text for span in row), "current"))


def rule(cursor: LineCursor, width: int) -> Line:
    """Return what parts the source from the names below it."""
    depth = cursor.step.depth
    where = f"names, {depth} call{'s' if depth > 1 else ''} deep" if depth else "names"
    legend = (Span("*", "changed"), Span(" changed by the line before ", "dim"))
    return (Span("── ", "frame"), Span(f"{where}  ", "dim"), *legend, Span("─" * width, "frame"))[:-1]
