"""What a newcomer reads before the first step: what the screen shows, and which key to press."""

from __future__ import annotations

from bptui.core.text import visible
from bptui.tui.line import Line, Span
from bptui.tui.prose import paragraph

MOST_ABOUT = 5
"""Lines of the scenario's own words."""

KEYS = (
    ("n", "one step forward in time"),
    ("N", "one step back, as often as you like"),
    ("f", "to the end of this pass"),
    ("Tab", "the next pane"),
    ("?", "all keys"),
    ("q", "quit"),
)


def welcome_lines(width: int, height: int, title: str = "", about: str = "") -> list[Line]:
    """Return the welcome; where there is little room, what to press comes first and the rest is left out."""
    lines: list[Line] = [*paragraph(visible(title), width, "title"), *about_lines(about, width)]
    lines += [()] if lines else []
    lines += paragraph("Nothing has run yet. Press n, and the first node computes its value.", width, "strong")
    lines += [(), *key_lines(width), ()]
    lines += paragraph("▶ The forward pass computes each node's value from its inputs.", width, "forward")
    lines += paragraph("◀ The backward pass brings each value its gradient, in reverse order.", width, "backward")
    lines += paragraph("This pane writes down what each step did, with the numbers in it.", width, "dim")
    return lines if len(lines) <= height else short_lines(width, height)


def short_lines(width: int, height: int) -> list[Line]:
    """Return the welcome for a small pane."""
    lines = [*paragraph("Press n: the first node computes its value.", width, "strong"), *key_lines(width)]
    return lines[: max(1, height)]


def about_lines(about: str, width: int) -> list[Line]:
    """Return the first lines of what a scenario says of itself."""
    sentence = " ".join(visible(about.replace("\n", " "), limit=600).split())
    lines = paragraph(sentence, width, "dim")
    return lines if len(lines) <= MOST_ABOUT else [*lines[: MOST_ABOUT - 1], (Span("…", "dim"),)]


def key_lines(width: int) -> list[Line]:
    """Return the first keys to know."""
    return [(Span(f" {key:<3} ", "key"), Span(help_)) for key, help_ in KEYS if len(help_) + 5 <= width]
