"""A line as data: spans of text with the names of their styles, measured in cells, cut and padded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from bptui.lines.cell_width import cells


class Span(NamedTuple):
    """Text in one style: one of the names in ``styles``, or colours as Rich writes them, ``#112233 on #445566``."""

    text: str
    style: str = ""


Line: TypeAlias = tuple[Span, ...]


def styled(text: str, style: str = "", *, indent: int = 0) -> Line:
    """Return a line in one style, ``indent`` blanks before it."""
    return (Span(" " * indent), Span(text, style)) if indent else (Span(text, style),)


def indented(lines: Iterable[Line], indent: int) -> Iterator[Line]:
    """Yield ``lines`` with so many blanks before each that is not empty."""
    margin = Span(" " * indent)
    return ((margin, *line) if line else line for line in lines)


def plain(line: Line) -> str:
    """Return a line's text without its styles."""
    return "".join([text for text, _ in line])


def text_of_lines(lines: Iterable[Line]) -> str:
    """Return lines as text, without blanks at their ends."""
    return "\n".join(plain(line).rstrip() for line in lines)


def line_width(line: Line) -> int:
    """Return how many cells a line takes."""
    return sum([len(text) if text.isascii() else cells(text) for text, _ in line])


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
        while taken < len(text) and (wide := cells(text[taken])) <= room:
            room -= wide
            taken += 1
        if taken:
            kept.append(Span(text[:taken], style))
        if taken < len(text):
            break
    return (*kept, Span("…" + " " * room, "dim")) if width > 0 else ()


def scrolled(line: Line, columns: int) -> Line:
    """Return ``line`` without its first ``columns`` cells; half a wide character at its start becomes a space."""
    if not columns:
        return line
    rest: list[Span] = []
    for text, style in line:
        taken = 0
        while columns > 0 and taken < len(text):
            columns -= cells(text[taken])
            taken += 1
        if columns < 0 or taken < len(text):
            rest.append(Span(" " * -columns + text[taken:], style))
            columns = 0
    return tuple(rest)


def joined(texts: Iterable[str], styles: Iterable[str]) -> Line:
    """Return a line of texts, in which neighbours of one style are one span."""
    line: list[Span] = []
    run, last = "", ""
    for text, style in zip(texts, styles, strict=True):
        if style == last:
            run += text
            continue
        if run:
            line.append(Span(run, last))
        run, last = text, style
    return (*line, Span(run, last)) if run else tuple(line)


def packed(items: Sequence[Line], width: int) -> list[Line]:
    """Return ``items`` beside each other, on as many lines of ``width`` cells as they need."""
    lines: list[Line] = []
    for item in items:
        if lines and line_width(lines[-1]) + 2 + line_width(item) <= width:
            lines[-1] = (*lines[-1], Span("  "), *item)
        else:
            lines.append(item)
    return [fitted(line, width) for line in lines]
