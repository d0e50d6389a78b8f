"""What a newcomer reads before the first step: what the screen shows, and which key to press."""

from __future__ import annotations

import re
from itertools import zip_longest

from bptui.core.text import visible
from bptui.lines.line import Line, Span, fitted
from bptui.lines.paragraph import paragraph

KEYS = (
    ("n", "one step forward in time"),
    ("N", "one step back, at any time"),
    ("f", "to the end of this pass"),
    ("Tab", "the next pane"),
    ("?", "all keys"),
    ("q", "quit"),
)

LONGEST_PART = 4_000
"""Characters of a paragraph that is shown."""

LONGEST_TEXT = 40_000
"""Characters of a text that are looked at."""

BOLD = re.compile(r"(?<![\w*])\*\*(?![\s*])([^*]+)(?<!\s)\*\*(?![\w*])")
CODE = re.compile(r"`([^`]+)`")

WIDE = 72
"""From this width on, the keys stand in two columns."""


def welcome_lines(width: int, height: int, title: str = "", about: str = "") -> list[Line]:
    """Return the welcome; where there is little room, what to press comes first, and one scrolls to the rest."""
    lines = paragraph("Nothing has run yet. Press n, and the first node computes its value.", width, "strong")
    lines += [(), *key_lines(width), ()]
    lines += paragraph("▶ The forward pass computes each node's value from its inputs.", width, "forward")
    lines += paragraph("◀ The backward pass brings each value its gradient, in reverse order.", width, "backward")
    lines += paragraph("This pane writes down what each step did, with the numbers in it.", width, "dim")
    words, heading = about_lines(about, width), paragraph(visible(title), width, "title")
    if len(heading) + len(words) + 1 + len(lines) <= height:
        return [*heading, *words, (), *lines] if heading or words else lines
    if len(lines) > height:
        return [*short_lines(width, height), (), *heading, *words]
    above = [*heading, ()] if heading and len(heading) + 1 + len(lines) <= height else []
    return [*above, *lines, (), *([] if above else heading), *words]


def short_lines(width: int, height: int) -> list[Line]:
    """Return the welcome for a small pane: first what to press, and of the rest as much as there is room for."""
    lines = paragraph("Press n: the first node computes its value.", width, "strong")
    lines += key_lines(width)
    lines += paragraph("▶ forward: each node's value from its inputs", width, "forward")
    lines += paragraph("◀ backward: each value's gradient, in reverse order", width, "backward")
    return lines[: max(1, height)]


def about_lines(about: str, width: int) -> list[Line]:
    """Return all that a scenario says of itself."""
    return markdown_lines(about, width, "dim")


def markdown_lines(written: str, width: int, style: str) -> list[Line]:
    """Return the paragraphs of a text in Markdown, without its marks for bold and code; ``2 ** 3`` is a power."""
    unmarked = BOLD.sub(r"\1", CODE.sub(r"\1", written[:LONGEST_TEXT]))
    parts = [" ".join(part.split()) for part in unmarked.strip().split("\n\n")]
    lines: list[Line] = []
    for part in filter(None, parts):
        lines += [()] if lines else []
        lines += paragraph(visible(part, limit=LONGEST_PART), width, style)
    return lines


def key_lines(width: int) -> list[Line]:
    """Return the first keys to know, in two columns where there is room."""
    entries: list[Line] = [(Span(f" {key:<3} ", "key"), Span(help_)) for key, help_ in KEYS if len(help_) + 5 <= width]
    if width < WIDE:
        return entries
    half = (len(entries) + 1) // 2
    pairs = zip_longest(entries[:half], entries[half:], fillvalue=())
    return [(*fitted(left, width // 2), *right) for left, right in pairs]
