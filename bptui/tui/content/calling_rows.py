"""The person's own line that calls a layer, above the layer's source: as much around it as there is room for."""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePath

from bptui.core import text
from bptui.lines.line import Line, Span, fitted
from bptui.stepping.line_tape import CallingLines
from bptui.tui.content.source_rows import characters_between

TALL, TALLER = 26, 40
"""Rows of a pane in which a line, and in which several, are shown before and after a call."""

LOWEST = 9
"""Rows of a pane below which the source alone has to do."""

MOST_OF_CALL = 3
"""Rows of a call that is written over many lines."""

AROUND = 3

LONGEST = 10_000
"""Characters that a line has at most."""


def calling_rows(caller: CallingLines | None, width: int, height: int) -> list[Line]:
    """Return the lines of a call and a rule below them; none where nobody is known to call, or there is no room."""
    if caller is None or height < LOWEST:
        return []
    around = 0 if height < TALL else 1 if height < TALLER else AROUND
    numbers = [
        number
        for number in range(caller.first - around, caller.last + around + 1)
        if number in caller.source and not caller.first + MOST_OF_CALL <= number <= caller.last
    ]
    return [*(calling_row(caller, number, width) for number in numbers), rule_of_call(caller, width)]


def calling_row(caller: CallingLines, number: int, width: int) -> Line:
    """Return a line of the program, marked where it is the call's."""
    is_call = caller.first <= number <= caller.last
    digits = len(str(max(caller.source)))
    sign, style = ("▸", "strong") if is_call else (" ", "dim")
    more = " …" if number == caller.first + MOST_OF_CALL - 1 < caller.last else ""
    code = highlighted_source(caller)[number]
    if number == caller.first:
        code = marked_call(code, caller)
    return fitted((Span(sign, "mark"), Span(f" {number:>{digits}}  ", style), *code, Span(more, "dim")), width)


@lru_cache(maxsize=8)
def highlighted_source(caller: CallingLines) -> dict[int, Line]:
    """Return the lines around a call in styles, as far to the left as they go together."""
    from bptui.tui.content.highlight import highlighted  # noqa: PLC0415  (few sessions go into a layer, and start sooner)

    return dict(zip(caller.source, highlighted(dedented(tuple(caller.source.values()))), strict=True))


def marked_call(code: Line, caller: CallingLines) -> Line:
    """Return the call's line with what is called underlined: several calls may stand in it."""
    margin = len(caller.source[caller.first]) - sum(len(text) for text, _ in code)
    start, end = caller.start - margin, caller.end - margin
    if not 0 <= start < end or "\t" in caller.source[caller.first]:
        return code
    called = "".join(text for text, _ in characters_between(code, start, end))
    return (*characters_between(code, 0, start), Span(called, "changed"), *characters_between(code, end, LONGEST))


def dedented(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return lines without the blanks that all of them begin with."""
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return tuple(line[margin:] for line in lines)


def rule_of_call(caller: CallingLines, width: int) -> Line:
    """Return what parts the call from the layer's source: where it stands."""
    place = text.visible(f"{PurePath(caller.file).name}:{caller.first}", limit=60)
    head = (Span("── ", "frame"), Span(f"called in {place} ", "dim"))
    return fitted((*head, Span("─" * width, "frame")), width + 1)[:-1]
