"""What a notebook shows of a tape and of a report: HTML in which names and messages are text, never markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from bptui.lines.line import Line, plain
from bptui.lines.styles import ANY_BACKGROUND
from bptui.report.tape_table import TapeTable

UNTOUCHED = "tex2jax_ignore mathjax_ignore"
"""Classes of what a notebook must not take for mathematics, whatever dollars are in it."""

LEFT = "text-align: left"
WIDE = "white-space: pre; overflow-x: auto"
"""A notebook would flush cells on the right, and fold long lines."""


def table_html(table: TapeTable) -> str:
    """Return the table of a tape."""
    parts = [f"<p><b>{escape(table.heading)}</b></p>"]
    if table.rows:
        head = row_html(table.head, "th")
        body = "\n".join(row_html(row, "td") for row in table.rows)
        parts.append(f"<table>\n<thead>{head}</thead>\n<tbody>\n{body}\n</tbody>\n</table>")
    parts += [f"<p>{line_html(line)}</p>" for line in table.remarks]
    return f'<div class="{UNTOUCHED}">\n' + "\n".join(parts) + "\n</div>"


def row_html(cells: Sequence[str], tag: str) -> str:
    """Return a row of a table, its cells in elements of that tag."""
    return "<tr>" + "".join(f'<{tag} style="{LEFT}">{escape(cell)}</{tag}>' for cell in cells) + "</tr>"


def lines_html(lines: Iterable[Line]) -> str:
    """Return lines one below the other, as on a terminal."""
    return f'<pre class="{UNTOUCHED}" style="{WIDE}">' + "\n".join(line_html(line) for line in lines) + "</pre>"


def line_html(line: Line) -> str:
    """Return a line, its colours those that can be read on any background."""
    return "".join(span_html(text, ANY_BACKGROUND.get(style)) for text, style in line) if plain(line) else ""


def span_html(text: str, colour: str | None) -> str:
    """Return text, in a colour where there is one."""
    return f'<span style="color: {colour}">{escape(text)}</span>' if colour else escape(text)
