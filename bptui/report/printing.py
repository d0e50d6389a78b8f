"""Printing a report: in colour and folded on a terminal, and as it is into a pipe."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TextIO

from bptui.report.line import Line

STYLES = {  # blue and vermilion differ to every eye, and can be read on black and on white
    "title": "bold",
    "heading": "bold underline",
    "forward": "#3a8fd0",
    "backward": "#d55e00",
    "update": "magenta",
    "warning": "bold red reverse",
    "quiet": "dim",
}


def print_lines(lines: Iterable[Line], file: TextIO) -> None:
    """Print the lines of a report."""
    if file.isatty() and os.environ.get("TERM", "") not in ("", "dumb"):
        print_on_terminal(lines, file)
    else:
        file.writelines(f"{line}\n" for line in lines)


def print_on_terminal(lines: Iterable[Line], file: TextIO) -> None:
    """Print the lines of a report in colour, folded where the terminal is narrow."""
    from rich.console import Console  # noqa: PLC0415  (a pipe has no use for it)
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=file, highlight=False)
    for line in lines:
        margin = " " * min(line.indent, console.width // 3)
        written = Text(line.text, style=STYLES.get(line.role, ""))
        for piece in written.wrap(console, console.width - len(margin), overflow="fold") or [written]:
            piece.rstrip()
            console.print(Text(margin) + piece)
