"""What a newcomer reads before the first step: what the screen shows, and which key to press."""

from __future__ import annotations

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

WIDE = 72
"""From this width on, the keys stand in two columns."""


def welcome_lines(width: int, height: int, title: str = "", about: str = "") -> list[Line]:
    """Return the welcome; where there is little room, what to press comes first and the rest is left out."""
    lines = paragraph("Nothing has run yet. Press n, and the first node computes its value.", width, "strong")
    lines += [(), *key_lines(width), ()]
    lines += paragraph("▶ The forward pass computes each node's value from its inputs.", width, "forward")
    lines += paragraph("◀ The backward pass brings each value its gradient, in reverse order.", width, "backward")
    lines += paragraph("This pane writes down what each step did, with the numbers in it.", width, "dim")
    if len(lines) > height:
        return short_lines(width, height)
    opening = [*paragraph(visible(title), width, "title"), *about_lines(about, width, height - len(lines) - 3)]
    return [*opening, (), *lines] if opening and len(opening) + 1 + len(lines) <= height else lines


def short_lines(width: int, height: int) -> list[Line]:
    """Return the welcome for a small pane: first what to press, and of the rest as much as there is room for."""
    lines = paragraph("Press n: the first node computes its value.", width, "strong")
    lines += key_lines(width)
    lines += paragraph("▶ forward: each node's value from its inputs", width, "forward")
    lines += paragraph("◀ backward: each value's gradient, in reverse order", width, "backward")
    return lines[: max(1, height)]


def about_lines(about: str, width: int, most: int) -> list[Line]:
    """Return the first paragraph of what a scenario says of itself, without its marks for bold and code."""
    first = about.strip().split("\n\n")[0].replace("**", "").replace("`", "")
    lines = paragraph(visible(" ".join(first.split()), limit=1000), width, "dim")
    return lines if len(lines) <= most else [*lines[: max(0, most - 1)], *([(Span("…", "dim"),)] if most > 0 else [])]


def key_lines(width: int) -> list[Line]:
    """Return the first keys to know, in two columns where there is room."""
    entries: list[Line] = [(Span(f" {key:<3} ", "key"), Span(help_)) for key, help_ in KEYS if len(help_) + 5 <= width]
    if width < WIDE:
        return entries
    half = (len(entries) + 1) // 2
    pairs = zip_longest(entries[:half], entries[half:], fillvalue=())
    return [(*fitted(left, width // 2), *right) for left, right in pairs]
