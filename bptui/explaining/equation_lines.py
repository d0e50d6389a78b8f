"""Equations as lines of styled text, folded where they are too long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bptui.explaining.equations import Equation
from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span, line_width
from bptui.lines.paragraph import paragraph, wrap

DEEPEST_INDENT = 18


def equation_lines(equation: Equation, width: int, style: str) -> list[Line]:
    """Return an equation in one line where it fits, and otherwise a line for each of its sides, the signs in line."""
    parts = equation.parts or ("…",)
    left, sign = equation.left, f" {equation.sign} "
    shapes = "" if equation.result or equation.shapes.startswith("→") else equation.shapes
    line: list[Span] = [Span(left, "strong")]
    for place, part in enumerate(parts):
        line += [Span(sign if place == 0 else " = ", "dim"), Span(part, result_style(equation, place, style))]
    note = f"   {equation.note or shapes}" if equation.note or shapes else ""
    if line_width(tuple(line)) + cells(note) <= width:
        return [(*line, Span(note, "dim"))] if note else [tuple(line)]
    return [*broken(equation, parts, width, style), *aside(equation, shapes, width)]


def result_style(equation: Equation, place: int, style: str) -> str:
    """Return the style of one side of an equation: the result's own, and none for what leads to it."""
    is_result = equation.result and place == len(equation.parts) - 1
    return style if is_result or style == "dim" else ""


def broken(equation: Equation, parts: Sequence[str], width: int, style: str) -> Iterator[Line]:
    """Yield an equation's sides below each other."""
    left = equation.left
    indent = cells(left)
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
