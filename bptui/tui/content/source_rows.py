"""A listing as rows of a given width: long lines are broken rather than cut, since what is cut cannot be read."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span

if TYPE_CHECKING:
    from bptui.stepping.line_tape import LineTape

HANGING = 4
"""Cells by which the rest of a broken line stands further in."""

DEEPEST = 0.4
"""Of the width: as far in as the rest of a broken line may stand."""


class SourceRow(NamedTuple):
    """A row of the listing: the line's number, None where lines are left out, and whether the line begins here."""

    number: int | None
    code: Line
    is_first: bool = True


def digits_of(tape: LineTape, file: str = "") -> int:
    """Return how many cells the numbers of a file's lines take."""
    return len(str(max(tape.source_of(file))))


@lru_cache(maxsize=8)
def rows_of(tape: LineTape, width: int, file: str = "") -> tuple[SourceRow, ...]:
    """Return the rows of a file's source, each line's text within ``width`` cells; by default of the method's own."""
    from bptui.tui.content.highlight import highlighted  # noqa: PLC0415  (few sessions go into a layer, and start sooner)

    rows: list[SourceRow] = []
    source = tape.source_of(file)
    for number, line in zip(source, highlighted(tuple(source.values())), strict=True):
        if rows and rows[-1].number != number - 1:
            rows.append(SourceRow(None, ()))
        rows += [SourceRow(number, part, not place) for place, part in enumerate(folded_code(line, width))]
    return tuple(rows)


def folded_code(line: Line, width: int) -> list[Line]:
    """Return a line in as many parts as it takes, those after the first with a hanging indent."""
    text = "".join(span.text for span in line)
    if cells(text) <= width:
        return [line]
    indent = min(len(text) - len(text.lstrip(" ")) + HANGING, int(width * DEEPEST))
    parts: list[Line] = []
    start = 0
    while start < len(text):
        room = width - indent if parts else width
        end = break_after(text, start, room)
        lead = (Span(" " * indent),) if parts else ()
        parts.append((*lead, *characters_between(line, start, end)))
        start = end
    return parts


def break_after(text: str, start: int, room: int) -> int:
    """Return where the part that begins at ``start`` ends: after the last space that fits, if there is one."""
    end, taken = start, 0
    while end < len(text) and taken + cells(text[end]) <= room:
        taken += cells(text[end])
        end += 1
    if end == len(text):
        return end
    first_word = start + len(text[start:end]) - len(text[start:end].lstrip(" "))
    space = text.rfind(" ", first_word, end)
    return space + 1 if space > 0 else max(end, start + 1)


def characters_between(line: Line, start: int, end: int) -> Line:
    """Return the characters of a line from ``start`` to ``end``."""
    spans: list[Span] = []
    for text, style in line:
        if (piece := text[max(0, start) : max(0, end)]) != "":
            spans.append(Span(piece, style))
        start, end = start - len(text), end - len(text)
    return tuple(spans)
