"""The picture of a step: what a terminal shows, as an SVG that stands alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from bptui.core.text import visible
from bptui.errors import BptuiError
from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span
from bptui.lines.styles import ATTRIBUTES, DARK
from bptui.report.export.account import Account
from bptui.report.export.terminal_frame import HEIGHT, WIDTH, Frames

CELL_WIDTH, ROW_HEIGHT, FONT_SIZE, MARGIN = 8.4, 17, 14, 16
"""Points of a cell, of its text, and around it all."""

INK, PAPER = "#e4e4e4", "#121212"


def svg_text(account: Account) -> str:
    """Return the picture of the step chosen, by default the last. Raises BptuiError where there is none."""
    number = len(account.tape) if account.chosen is None else account.chosen
    told = next((it for it in account.steps if it.number == number), None)
    if told is None:
        raise BptuiError("the run has no step that could be drawn")
    rows = Frames(account).frame(told)
    width, height = WIDTH * CELL_WIDTH + 2 * MARGIN, HEIGHT * ROW_HEIGHT + 2 * MARGIN
    title = escape(visible(f"{account.title}. {told.heading}", limit=300))
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img">',
            f"<title>{title}</title>",
            f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>',
            f'<g font-family="DejaVu Sans Mono, ui-monospace, monospace" font-size="{FONT_SIZE}" fill="{INK}">',
            *row_elements(rows),
            "</g>\n</svg>\n",
        )
    )


def row_elements(rows: Sequence[Line]) -> Iterator[str]:
    """Yield the elements of all rows: each span of text at its own place."""
    for row, line in enumerate(rows):
        column = 0
        for text, style in line:
            if text.strip(" ") or " on " in DARK.get(style, ""):
                yield from span_elements(Span(text, style), row, column)
            column += cells(text)


def span_elements(span: Span, row: int, column: int) -> Iterator[str]:
    """Yield a span's background, if it has one, and its text."""
    front, _, back = DARK.get(span.style, INK).partition(" on ")
    top = MARGIN + row * ROW_HEIGHT
    if back:
        left, width = MARGIN + column * CELL_WIDTH, cells(span.text) * CELL_WIDTH
        yield f'<rect x="{left:g}" y="{top}" width="{width:g}" height="{ROW_HEIGHT}" fill="{back}"/>'
    if text := span.text.strip(" "):
        blanks = len(span.text) - len(span.text.lstrip(" "))
        x, y = MARGIN + (column + blanks) * CELL_WIDTH, top + 0.75 * ROW_HEIGHT
        length = cells(text) * CELL_WIDTH
        yield (
            f'<text x="{x:g}" y="{y:g}" fill="{front or INK}"{weight_of(span.style)} textLength="{length:g}" '
            f'xml:space="preserve">{escape(text)}</text>'
        )


def weight_of(style: str) -> str:
    """Return the attributes of a span's text that is bold or underlined."""
    attributes = ATTRIBUTES.get(style, "")
    bold = ' font-weight="bold"' if "bold" in attributes else ""
    return bold + (' text-decoration="underline"' if "underline" in attributes else "")
