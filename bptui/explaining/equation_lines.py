"""Equations as lines of styled text, folded where they are too long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bptui.explaining.equations import Equation
from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span, line_width
from bptui.lines.paragraph import paragraph, wrap

DEEPEST_INDENT = 18


def equation_line(equation: Equation, style: str) -> Line:
    """Return an equation in one line, and behind it a note or its shapes."""
    line, right = [Span(equation.left, "strong")], sides(equation)
    for place, (sign, part) in enumerate(right):
        is_last = place == len(right) - 1
        line += [Span(f" {sign} ", "dim"), Span(part, side_style(equation, style, is_last=is_last))]
    aside = ", ".join(filter(None, ("" if equation.result else equation.shapes, equation.note)))
    return (*line, Span(f"   {aside}", "dim")) if aside else tuple(line)


def equation_lines(equation: Equation, width: int, style: str) -> list[Line]:
    """Return an equation in one line where it fits, and otherwise a line for each of its sides, the signs in line."""
    if equation.shapes.startswith("→"):
        equation = replace(equation, shapes="")  # said where the array stands
    line = equation_line(equation, style)
    return [line] if line_width(line) <= width else [*folded(equation, width, style), *asides(equation, width)]


def sides(equation: Equation) -> tuple[tuple[str, str], ...]:
    """Return what stands right of an equation's left side, each with the sign before it; an ellipsis for nothing."""
    return equation.signed_parts or ((equation.sign, "…"),)


def side_style(equation: Equation, style: str, *, is_last: bool) -> str:
    """Return the style of one side of an equation: the result's own, and none for what leads to it."""
    return style if style == "dim" or (is_last and equation.result) else ""


def folded(equation: Equation, width: int, style: str) -> Iterator[Line]:
    """Yield an equation's sides below each other."""
    left = equation.left
    indent = cells(left)
    if indent > min(DEEPEST_INDENT, width // 2):
        yield from paragraph(left, width, "strong")
        left, indent = "  ", 2
    right = sides(equation)
    for place, (sign_before, part) in enumerate(right):
        lines = wrap(part, width - indent - 3)
        for at, line in enumerate(lines):
            before = left if not place and not at else " " * indent
            sign = sign_before if not at else " "
            yield (
                Span(before, "strong"),
                Span(f" {sign} ", "dim"),
                Span(line, side_style(equation, style, is_last=place == len(right) - 1)),
            )


def asides(equation: Equation, width: int) -> list[Line]:
    """Return an equation's shapes and note, each in lines of their own."""
    shapes = "" if equation.result else equation.shapes
    return [*paragraph(shapes, width, "dim", indent=2), *paragraph(equation.note, width, "dim", indent=2)]
