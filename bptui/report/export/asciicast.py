"""A run as an asciicast (version 2): a frame a step, each with a marker, to be played in a terminal or on a page.

Format: https://docs.asciinema.org/manual/asciicast/v2/. Where a person has stepped, their pace is kept, but that no
pause is longer than two seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from rich.color import ColorSystem
from rich.style import Style

from bptui.core.text import visible
from bptui.lines.line import Line, Span
from bptui.lines.styles import ATTRIBUTES, DARK
from bptui.report.export.account import Account, ToldStep
from bptui.report.export.terminal_frame import HEIGHT, WIDTH, Frames

TRUECOLOR = ColorSystem.TRUECOLOR
CLEAR = "\x1b[2J\x1b[H"
LONGEST = 2.0
"""Seconds from step to step at the most, where a person's pace was recorded."""

READING = 25
"""Characters that are read in a second, where nobody's pace was recorded."""

LEAST_READING, MOST_READING = 2.0, 10.0
"""Seconds that a step is shown at least and at most, where nobody's pace was recorded."""

SHORTEST = 0.1


def cast_text(account: Account) -> str:
    """Return a run as an asciicast: a header, and then an event a line."""
    header = {"version": 2, "width": WIDTH, "height": HEIGHT, "title": visible(account.title, limit=200)}
    return "".join(f"{json.dumps(it, ensure_ascii=False)}\n" for it in (header, *cast_events(account)))


def cast_events(account: Account) -> Iterator[list[object]]:
    """Yield the events: the time in seconds, what it is (``o`` output, ``m`` a marker), and the text."""
    frames = Frames(account)
    now = 0.0
    before: ToldStep | None = None
    for told in account.steps:
        if before is not None:
            now += pause_between(before, told, account.times)
        before = told
        yield [round(now, 3), "m", visible(told.heading, limit=200)]
        yield [round(now, 3), "o", CLEAR + "\r\n".join(ansi_line(line) for line in frames.frame(told))]
    if before is not None:
        yield [round(now + reading_time(before), 3), "o", "\x1b[0m"]


def pause_between(before: ToldStep, told: ToldStep, times: Mapping[int, float]) -> float:
    """Return the seconds from step to step: a person's own, if not too long, or as many as it takes to read."""
    if before.number in times and told.number in times:
        return min(LONGEST, max(SHORTEST, times[told.number] - times[before.number]))
    return reading_time(before)


def reading_time(told: ToldStep) -> float:
    """Return in how many seconds what is said of a step can be read."""
    words = sum(map(len, (told.sentence, *told.notes)))
    return min(MOST_READING, max(LEAST_READING, words / READING))


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
