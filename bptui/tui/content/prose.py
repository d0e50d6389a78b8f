"""Sentences, equations and small arrays as lines of a given width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from bptui.core import text
from bptui.explaining.equations import Equation
from bptui.explaining.formula_words import inline
from bptui.tui.content.table import fitting
from bptui.tui.line import Line, Span
from bptui.tui.pane import line_width
from layers import Array

MOST_ROWS = 5
"""Rows of an array that stand among sentences; the value panel shows any array whole."""

INDENT = 2
DEEPEST_INDENT = 18
LABEL_ROOM = 14


def paragraph(sentence: str, width: int, style: str = "", *, indent: int = 0) -> list[Line]:
    """Return a sentence over as many lines as it takes."""
    return [(Span(" " * indent + line, style),) for line in wrap(sentence, width - indent)]


def wrap(sentence: str, width: int) -> list[str]:
    """Return the lines of a sentence, broken between words, and within one only where it is too long for a line."""
    if width < 1 or not sentence:
        return []
    lines: list[str] = []
    for word in sentence.split(" "):
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines += pieces(word, width) or [""]
    return lines


def pieces(word: str, width: int) -> list[str]:
    """Return a word in pieces of at most ``width`` cells."""
    if cell_len(word) <= width:
        return [word] if word else []
    found = [""]
    for character in word:
        if cell_len(found[-1]) + cell_len(character) > width:
            found.append("")
        found[-1] += character
    return [piece for piece in found if cell_len(piece) <= width]


def equation_lines(equation: Equation, width: int, style: str) -> list[Line]:
    """Return an equation in one line where it fits, and otherwise a line for each of its sides, the signs in line."""
    parts = equation.parts or ("…",)
    left, sign = equation.left, f" {equation.sign} "
    shapes = "" if equation.result or equation.shapes.startswith("→") else equation.shapes
    line: list[Span] = [Span(left, "strong")]
    for place, part in enumerate(parts):
        line += [Span(sign if place == 0 else " = ", "dim"), Span(part, result_style(equation, place, style))]
    note = f"   {equation.note or shapes}" if equation.note or shapes else ""
    if line_width(tuple(line)) + cell_len(note) <= width:
        return [(*line, Span(note, "dim"))] if note else [tuple(line)]
    return [*broken(equation, parts, width, style), *aside(equation, shapes, width)]


def result_style(equation: Equation, place: int, style: str) -> str:
    """Return the style of one side of an equation: the result's own, and none for what leads to it."""
    is_result = equation.result and place == len(equation.parts) - 1
    return style if is_result or style == "dim" else ""


def broken(equation: Equation, parts: Sequence[str], width: int, style: str) -> Iterator[Line]:
    """Yield an equation's sides below each other."""
    left = equation.left
    indent = cell_len(left)
    if indent > min(DEEPEST_INDENT, width // 2):
        yield from paragraph(left, width, "strong")
        left, indent = "  ", 2
    for place, part in enumerate(parts):
        lines = wrap(part, width - indent - 3)
        for at, line in enumerate(lines):
            before = left if not place and not at else " " * indent
            sign = (equation.sign if not place else "=") if not at else " "
            yield (
                Span(before, "strong"),
                Span(f" {sign} ", "dim"),
                Span(line, result_style(equation, place, style)),
            )


def aside(equation: Equation, shapes: str, width: int) -> list[Line]:
    """Return an equation's shapes and note, each in lines of their own."""
    return [*paragraph(shapes, width, "dim", indent=2), *paragraph(equation.note, width, "dim", indent=2)]


def array_lines(label: str, array: Array | None, width: int, style: str) -> list[Line]:
    """Return a name, its array's shape and as many of the numbers as suit a sentence, beside it or below it."""
    if array is None:
        return []
    if (numbers := inline(array)) is not None:
        line = (Span(label, "dim"), Span(" = ", "dim"), Span(numbers, style))
        if line_width(line) <= width:
            return [line]
        return [*paragraph(label, width, "dim"), *paragraph(numbers, width, style, indent=2)]
    title = f"{label} {text.shape(array)}"
    rows = corner(array, width - INDENT)
    if not rows:
        return paragraph(title, width, "dim")
    start = max(LABEL_ROOM, cell_len(title) + 2)
    if start + len(rows[0]) > width:
        return [*paragraph(title, width, "dim"), *((Span(" " * INDENT + row, style),) for row in rows)]
    first: Line = (Span(title, "dim"), Span(" " * (start - cell_len(title)) + rows[0], style))
    return [first, *((Span(" " * start + row, style),) for row in rows[1:])]


def corner(array: Array, width: int) -> list[str]:
    """Return as many of an array's first rows and columns as fit, all of one length; of more axes, nothing."""
    if array.ndim > 2 or not array.size:
        return []
    matrix = array.reshape(1, -1) if array.ndim == 1 else array
    shown = MOST_ROWS if matrix.shape[0] <= MOST_ROWS else MOST_ROWS - 1
    texts = fitting(matrix[:shown], width)
    if len(texts[0]) < matrix.shape[1]:
        texts = [[*row, "…"] for row in fitting(matrix[:shown, : len(texts[0])], width - 2)]
    rows = [" ".join(row) for row in texts]
    if len(rows[0]) > width:
        return []
    return rows if shown >= matrix.shape[0] else [*rows, "⋮".ljust(len(rows[0]))]
