"""A run as an asciicast (version 2): a frame a step, each with a marker, to be played in a terminal or on a page.

Format: https://docs.asciinema.org/manual/asciicast/v2/. Where a person has stepped, their pace is kept, but that no
pause is longer than two seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from rich.color import ColorSystem
from rich.style import Style

from bptui.core.text import visible
from bptui.lines.line import Line, Span
from bptui.lines.styles import ATTRIBUTES, DARK
from bptui.report.export.account import Account
from bptui.report.export.terminal_frame import HEIGHT, WIDTH, Frames

TRUECOLOR = ColorSystem.TRUECOLOR
CLEAR = "\x1b[2J\x1b[H"
PACE = 2.0
"""Seconds from step to step, where nobody's pace was recorded, and at the most where it was."""

SHORTEST = 0.1


def cast_text(account: Account) -> str:
    """Return a run as an asciicast: a header, and then an event a line."""
    header = {"version": 2, "width": WIDTH, "height": HEIGHT, "title": visible(account.title, limit=200)}
    return "".join(f"{json.dumps(it, ensure_ascii=False)}\n" for it in (header, *cast_events(account)))


def cast_events(account: Account) -> Iterator[list[object]]:
    """Yield the events: the time in seconds, what it is (``o`` output, ``m`` a marker), and the text."""
    frames = Frames(account)
    now = 0.0
    before = None
    for told in account.steps:
        time = account.times.get(told.number)
        if before is not None:
            now += PACE if time is None else min(PACE, max(SHORTEST, time - before))
        before = time if time is not None else now
        yield [round(now, 3), "m", visible(told.heading, limit=200)]
        yield [round(now, 3), "o", CLEAR + "\r\n".join(ansi_line(line) for line in frames.frame(told))]
    yield [round(now + PACE, 3), "o", "\x1b[0m"]


def ansi_line(line: Line) -> str:
    """Return a line with the codes that a terminal takes for its colours."""
    return "".join(map(ansi_span, line)).rstrip(" ")


def ansi_span(span: Span) -> str:
    """Return a span with the codes for its style, and back."""
    colours = DARK.get(span.style, "")
    attributes = (
        ATTRIBUTES.get(span.style, "").replace("reverse", "") if " on " in colours else ATTRIBUTES.get(span.style, "")
    )
    style = Style.parse(f"{attributes} {colours}".strip() or "none")
    return style.render(span.text, color_system=TRUECOLOR)
