"""How far a check has come, in one line of a terminal that is taken away in the end; nothing on a pipe or in a file."""

from __future__ import annotations

from typing import TextIO

MANY = 100
"""From so many nodes on, a scenario shows how many of them are done: it takes a second or more."""

NETWORK = ", now the network as a whole"
"""What comes after the nodes."""

WIDTH = 20
"""Characters of the bar. They are ASCII: any terminal in any locale has them."""


class ProgressLine:
    """How many of ``total`` scenarios are done, and of a large one how many nodes."""

    def __init__(self, total: int, file: TextIO) -> None:
        self.total = total
        self.file = file
        self.is_terminal = file.isatty()
        self.done = 0
        self.shown = ""

    def advance(self) -> None:
        """Count one more scenario."""
        self.done += 1
        self.show(self.scenarios)

    def show_nodes(self, done: int, total: int) -> None:
        """Show how many nodes are done of the scenario under way, or of all that are."""
        if total >= MANY:
            told = f"{bar(done, total)} of {total:,} nodes{NETWORK if done == total else ''}"
            self.show(f"{told}, {self.scenarios}" if self.scenarios else told)

    @property
    def scenarios(self) -> str:
        """How many scenarios are done; nothing where there is only one."""
        return f"{self.done} of {self.total} checked" if self.total > 1 else ""

    def clear(self) -> None:
        """Take the line away, so that something can be printed."""
        self.show("")

    def show(self, words: str) -> None:
        """Write over the line, where that changes it."""
        if self.is_terminal and words != self.shown:
            self.shown = words  # first: ctrl+c may come while it is written
            self.file.write(f"\r\x1b[K{words}")
            self.file.flush()


def bar(done: int, total: int) -> str:
    """Return a bar with the percentage that is done, which changes a hundred times at most."""
    full = done * WIDTH // total
    return f"[{'#' * full}{'.' * (WIDTH - full)}] {done * 100 // total:3} %"
