"""Printing a report: in colour and folded on a terminal, and as it is into a pipe."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TextIO

from bptui.lines.line import Line, plain
from bptui.lines.styles import ANY_BACKGROUND, ATTRIBUTES


def print_lines(lines: Iterable[Line], file: TextIO) -> None:
    """Print the lines of a report."""
    if file.isatty() and os.environ.get("TERM", "") not in ("", "dumb"):
        print_on_terminal(lines, file)
    else:
        file.writelines(f"{plain(line).rstrip()}\n" for line in lines)


def print_on_terminal(lines: Iterable[Line], file: TextIO) -> None:
    """Print the lines of a report in colour, folded where the terminal is narrow."""
    from rich.console import Console  # noqa: PLC0415  (a pipe has no use for it)
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=file, highlight=False)
    for line in lines:
        text = Text().join([Text(span.text, rich_style(span.style)) for span in line])
        text.rstrip()
        indent = len(text.plain) - len(text.plain.lstrip())
        margin = min(indent, console.width // 3)
        written = text[indent:] if text else text
        for piece in written.wrap(console, console.width - margin, overflow="fold") or [written]:
            piece.rstrip()
            console.print(Text(" " * margin) + piece)


def rich_style(style: str) -> str:
    """Return a style as Rich writes it, for a background that may be dark or light."""
    return f"{ATTRIBUTES.get(style, '')} {ANY_BACKGROUND.get(style, '')}".strip()
