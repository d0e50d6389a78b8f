"""Sentences as lines of a given width."""

from __future__ import annotations

import re

from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span, styled

UNFOLDED = 1_000_000
"""The width for what is not to be broken: a file or a pipe takes a line of any length."""


def paragraph(sentence: str, width: int, style: str = "", *, indent: int = 0) -> list[Line]:
    """Return a sentence over as many lines as it takes."""
    return [styled(" " * indent + line, style) for line in wrap(sentence, width - indent)]


OUTSIDE_BRACKETS = re.compile(r" (?![^\[\]]{0,20}\])")
"""Blanks but those in short brackets: a shape or a place stays in one line."""


def wrap(sentence: str, width: int) -> list[str]:
    """Return the lines of a sentence, broken between words, and within one only where it is too long for a line."""
    if width < 1 or not sentence:
        return []
    lines: list[str] = []
    words = OUTSIDE_BRACKETS.split(sentence) if "[" in sentence else sentence.split(" ")
    for word in words if max(map(cells, words)) <= width else sentence.split(" "):
        if lines and cells(lines[-1]) + 1 + cells(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines += pieces(word, width) or [""]
    return lines


def pieces(word: str, width: int) -> list[str]:
    """Return a word in pieces of at most ``width`` cells."""
    if cells(word) <= width:
        return [word] if word else []
    found = [""]
    for character in word:
        if cells(found[-1]) + cells(character) > width:
            found.append("")
        found[-1] += character
    return [piece for piece in found if cells(piece) <= width]


def marked_paragraph(sign: Span, sentence: str, width: int, style: str = "") -> list[Line]:
    """Return a sentence behind a sign, under which nothing stands."""
    start = cells(sign.text)
    first, *others = paragraph(sentence, max(1, width - start), style) or [()]
    return [(sign, *first), *((Span(" " * start), *line) for line in others)]
