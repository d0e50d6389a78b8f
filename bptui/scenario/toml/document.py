"""A TOML document that knows where everything in it stands, so that a mistake can be pointed at."""

from __future__ import annotations

import re
from typing import Any

from bptui.deferred_dataclass import dataclass
from bptui.errors import Location, ScenarioError
from bptui.scenario.toml.positions import Path, Positions, TextRange, part, skip

written_character = re.compile(r"\\(?:U.{8}|u.{4}|x.{2}|.)|.", re.DOTALL)
continuation = re.compile(r"(?:\\[ \t]*\n\s*)*")


@dataclass(frozen=True, eq=False)
class Document:
    """The text of a scenario, what tomllib made of it, and the way from the one to the other."""

    path: str
    data: dict[str, Any]
    positions: Positions

    @property
    def text(self) -> str:
        """The text, with line feeds for line ends."""
        return self.positions.text

    def where_key(self, *path: str | int) -> Location:
        """Return the place of a key, or of an array's element."""
        return self.where_offset(self.positions.span(path).key)

    def where(self, *path: str | int) -> Location:
        """Return the place of a value."""
        return self.where_offset(self.positions.span(path).start)

    def where_offset(self, offset: int) -> Location:
        """Return the place of the character at ``offset``."""
        return Location(self.path, *self.positions.line_and_column(offset))

    def where_character(self, path: Path, index: int) -> Location:
        """Return the place of a string value's ``index``-th character, from 0."""
        span = self.positions.span(path)
        return self.where_offset(character_offset(self.text, span, index))

    def where_key_character(self, path: Path, index: int) -> Location:
        """Return the place of a key's ``index``-th character, from 0."""
        start = self.positions.span(path).key
        if self.text[start] not in "\"'":
            return self.where_offset(start + index)
        return self.where_offset(
            character_offset(self.text, TextRange(start, start, skip(part, self.text, start)), index)
        )

    def error(self, message: str, *path: str | int, hint: str | None = None) -> ScenarioError:
        """Return an error about the value at ``path``."""
        return ScenarioError(message, hint=hint, where=self.where(*path))

    def key_error(self, message: str, *path: str | int, hint: str | None = None) -> ScenarioError:
        """Return an error about the key at ``path``."""
        return ScenarioError(message, hint=hint, where=self.where_key(*path))


def character_offset(text: str, span: TextRange, index: int) -> int:
    """Return where in the text the ``index``-th character of the string at ``span`` is written."""
    quotes = 3 if text[span.start : span.start + 3] in {'"""', "'''"} else 1
    start = span.start + quotes
    if quotes == 3 and text[start] == "\n":
        start += 1
    written = text[start : span.end - quotes]
    if text[span.start] == "'" or "\\" not in written:
        return start + index
    at = skip(continuation, written, 0)
    for _ in range(index):
        at = skip(continuation, written, skip(written_character, written, at))
    return start + at
