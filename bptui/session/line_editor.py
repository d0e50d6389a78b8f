"""A line that is being typed, with a cursor: the editing keys as plain functions on text, with no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bptui.deferred_dataclass import dataclass

LONGEST = 2_000


@dataclass(frozen=True)
class TypedLine:
    """``text`` with the cursor before its ``cursor``-th character."""

    text: str = ""
    cursor: int = 0

    def insert(self, typed: str) -> TypedLine:
        """Return the line with ``typed`` at the cursor."""
        typed = typed[: LONGEST - len(self.text)]
        return TypedLine(self.text[: self.cursor] + typed + self.text[self.cursor :], self.cursor + len(typed))

    def without(self, start: int, end: int) -> TypedLine:
        """Return the line without some of its characters, the cursor where they were."""
        return TypedLine(self.text[:start] + self.text[end:], start)

    def at(self, cursor: int) -> TypedLine:
        """Return the line with the cursor elsewhere."""
        return replace(self, cursor=max(0, min(cursor, len(self.text))))

    @property
    def word_start(self) -> int:
        """Where the word before the cursor starts."""
        return self.text[: self.cursor].rstrip().rfind(" ") + 1


EDITS: Mapping[str, Callable[[TypedLine], TypedLine]] = {
    "backspace": lambda line: line.without(max(0, line.cursor - 1), line.cursor),
    "delete": lambda line: line.without(line.cursor, line.cursor + 1),
    "left": lambda line: line.at(line.cursor - 1),
    "right": lambda line: line.at(line.cursor + 1),
    "home": lambda line: line.at(0),
    "ctrl+a": lambda line: line.at(0),
    "end": lambda line: line.at(len(line.text)),
    "ctrl+e": lambda line: line.at(len(line.text)),
    "ctrl+u": lambda line: line.without(0, line.cursor),
    "ctrl+k": lambda line: replace(line, text=line.text[: line.cursor]),
    "ctrl+w": lambda line: line.without(line.word_start, line.cursor),
}
"""What the keys of a line do, as in a shell."""
