"""Where every key and value of a TOML text stands, which tomllib does not tell.

Only text that tomllib has accepted is scanned, so nothing in here needs to handle errors. Arrays are skipped over in
one match; their elements are looked for when somebody asks, which is when one of them is wrong.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import field
from typing import NamedTuple, TypeAlias

from bptui.deferred_dataclass import dataclass

Path: TypeAlias = "tuple[str | int, ...]"
"""The keys and indices that lead to a value: ``("inputs", "x", 0)``."""

STRING = r'"""(?:\\.|(?!""").)*+"{3,5}|\'\'\'(?:(?!\'\'\').)*+\'{3,5}|"(?:\\.|[^"\\])*+"|\'[^\']*+\''
BARE = r"[A-Za-z0-9_-]+"

blank = re.compile(r"[ \t]*+")
gap = re.compile(r"(?:[ \t\r\n]|#[^\n]*+)*+")
string = re.compile(STRING, re.DOTALL)
part = re.compile(rf"{BARE}|{STRING}", re.DOTALL)
scalar = re.compile(r"[^\s,\]}#](?:[^,\]}#\n]*[^\s,\]}#])?")
bracket = re.compile(rf"[\[\]{{}}]|#[^\n]*+|{STRING}", re.DOTALL)


class TextRange(NamedTuple):
    """Offsets into the text: of the key, of its value, and past the value. An array's element is its own key."""

    key: int
    start: int
    end: int


class KeyPart(NamedTuple):
    """One part of a dotted key, and its offset."""

    name: str
    at: int


class KeyPosition(NamedTuple):
    """A value, or with an index an array's element, that stands at ``span``."""

    path: Path
    span: TextRange


def key_parts(text: str, at: int) -> tuple[list[KeyPart], int]:
    """Return the parts of the dotted key at ``at``, and the offset of what follows it."""
    parts = []
    while True:
        at = skip(blank, text, at)
        end = skip(part, text, at)
        parts.append(KeyPart(key_name(text[at:end]), at))
        at = skip(blank, text, end)
        if text[at : at + 1] != ".":
            return parts, at
        at += 1


def skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return the offset past what ``pattern`` matches at ``at``."""
    match = pattern.match(text, at)
    return match.end() if match else at


def key_name(key: str) -> str:
    """Return a key's name as tomllib reads it."""
    if key[:1] not in {'"', "'"}:
        return key
    return key[1:-1] if "\\" not in key or key[0] == "'" else tomllib.loads(f"key = {key}")["key"]


def value_end(text: str, at: int) -> int:
    """Return the offset past the value that starts at ``at``."""
    first = text[at : at + 1]
    if first in ("[", "{"):
        return container_end(text, at)
    return skip(string if first in ('"', "'") else scalar, text, at)


def container_end(text: str, at: int) -> int:
    """Return the offset past the bracket that closes the one at ``at``."""
    depth = 0
    for match in bracket.finditer(text, at):
        match match[0]:
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
        if not depth:
            return match.end()
    return len(text)


def inside(text: str, path: Path, start: int) -> Iterator[KeyPosition]:
    """Yield what stands directly inside the array or inline table at ``start``; nothing for another value."""
    if text[start] not in "[{":
        return
    index = 0
    at = skip(gap, text, start + 1)
    while text[at] not in "]}":
        if text[start] == "[":
            entry = KeyPosition((*path, index), TextRange(at, at, value_end(text, at)))
            yield entry
        else:
            for entry in key_and_value(text, path, at):
                yield entry
        index += 1
        at = skip(gap, text, entry.span.end)
        if text[at] == ",":
            at = skip(gap, text, at + 1)


def key_and_value(text: str, base: Path, at: int) -> Iterator[KeyPosition]:
    """Yield the tables that the dotted key at ``at`` names, and last its value."""
    parts, equals = key_parts(text, at)
    for depth, (_, key) in enumerate(parts[:-1], start=1):
        yield KeyPosition((*base, *(name for name, _ in parts[:depth])), TextRange(key, key, key))
    start = skip(blank, text, equals + 1)
    yield KeyPosition((*base, *(name for name, _ in parts)), TextRange(parts[-1].at, start, value_end(text, start)))


def statements(text: str) -> Iterator[list[KeyPosition]]:
    """Yield for each key/value line and each table header the entries that it makes, the last being its own."""
    at = skip(gap, text, 0)
    base: Path = ()
    lengths: dict[Path, int] = {}
    while at < len(text):
        if text[at] == "[":
            entries, at = table_header(text, at, lengths)
            base = entries[-1].path
        else:
            entries = list(key_and_value(text, base, at))
            at = entries[-1].span.end
        yield entries
        at = skip(gap, text, at)


def table_header(text: str, at: int, lengths: dict[Path, int]) -> tuple[list[KeyPosition], int]:
    """Return the tables that the header at ``at`` names, and the offset past it; ``lengths`` has how many so far."""
    double = text.startswith("[[", at)
    parts, end = key_parts(text, at + 1 + double)
    end += 1 + double
    entries = []
    path: Path = ()
    for name, key in parts:
        path = (*path, name)
        entries.append(KeyPosition(path, TextRange(key, key, key)))
        if key == parts[-1].at and double:
            lengths[path] = lengths.get(path, 0) + 1
            forget_below(path, lengths)
        if path in lengths:
            path = (*path, lengths[path] - 1)
            entries.append(KeyPosition(path, TextRange(key, key, key)))
    return entries, end


def forget_below(path: Path, lengths: dict[Path, int]) -> None:
    """Forget the arrays inside the array at ``path``: its new table starts without them."""
    for inner in [inner for inner in lengths if len(inner) > len(path) and inner[: len(path)] == path]:
        del lengths[inner]


@dataclass(frozen=True, eq=False)
class Positions:
    """The spans of a text's tables, keys and values, by path."""

    text: str
    spans: dict[Path, TextRange] = field(init=False)
    lines: list[int] = field(init=False)
    """The offset at which each line starts."""

    def __post_init__(self) -> None:
        spans: dict[Path, TextRange] = {}
        for entries in statements(self.text):
            for path, span in entries:
                spans.setdefault(path, span)
        object.__setattr__(self, "spans", spans)
        object.__setattr__(self, "lines", [0, *(match.end() for match in re.finditer("\n", self.text))])

    def span(self, path: Path) -> TextRange:
        """Return where ``path`` stands, or the nearest of what it stands in."""
        known = path
        while known and known not in self.spans:
            known = known[:-1]
        for depth in range(len(known), len(path)):
            start = self.spans[known].start
            self.spans.update(inside(self.text, path[:depth], start))
            if path[: depth + 1] not in self.spans:
                break
            known = path[: depth + 1]
        return self.spans.get(known, TextRange(0, 0, 0))

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Return the line and column of ``offset``, both from 1."""
        line = bisect_right(self.lines, offset)
        return line, offset - self.lines[line - 1] + 1
