"""From text to a document: TOML as tomllib reads it, within limits that keep bad input quick and its errors precise."""

from __future__ import annotations

import math
import re
import tomllib
from typing import NoReturn

from bptui.core.text import visible
from bptui.errors import Location, ScenarioError, reason_of
from bptui.scenario.toml.document import Document
from bptui.scenario.toml.positions import Positions

MOST_NESTED = 64
"""As many axes as a NumPy array can have."""

MOST_PARTS = 16
MOST_TABLES = 1_000
MOST_VALUES = 1_000_000
MOST_KEYS = 200_000
MOST_DIGITS = 200
"""Before the point; with an exponent below 100 that is still a float64."""

# Closing quotes are optional: an unclosed string is the parser's business, here it must only cost linear time.
quoted = re.compile(
    r'"""(?:\\.|(?!""").)*+(?:"{3,5})?|\'\'\'(?:(?!\'\'\').)*+(?:\'{3,5})?'
    r'|"(?:\\.|[^"\\\n])*+"?|\'[^\'\n]*+\'?|#[^\n]*+',
    re.DOTALL,
)
dotted = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{MOST_PARTS}}}")
digits = re.compile(rf"(?<![\w.])(?:0[xob][0-9a-fA-F_]|[0-9])[0-9a-fA-F_]{{{MOST_DIGITS}}}")
exponent = re.compile(r"(?<![\w.])[0-9][0-9_]*+(?:\.[0-9_]*+)?[eE]\+?+[0-9][0-9_]{2,}+")
brackets = re.compile(r"[\[\]{}]")


def parse_toml(text: str, path: str) -> Document:
    """Return the document that ``text`` is; ``path`` is what errors call the file.

    Raises ScenarioError for text that is not TOML, or more than a scenario has any use for.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    refuse_what_is_no_text(text, path)
    refuse_length(text, path)
    bare = quoted.sub(lambda match: ("#" if match[0][0] == "#" else "_") * len(match[0]), text)
    refuse_excess(bare, path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        from bptui.scenario.toml.syntax_errors import syntax_error  # noqa: PLC0415  (most files have none)

        raise syntax_error(error, text, path) from None
    except ValueError as error:  # a date that no calendar has
        raise ScenarioError(f"not TOML: {reason_of(error)}", where=Location(path)) from None
    return Document(path, data, Positions(text))


def refuse_what_is_no_text(text: str, path: str) -> None:
    """Refuse what cannot stand in a UTF-8 text file with line feeds for line ends."""
    if "\r" in text:
        hint = "save the file with line feeds (LF) for line ends, as editors do today"
        refuse("a carriage return (CR) alone", text, text.index("\r"), path, hint=hint)
    if wrong := re.search(r"[\x00\ud800-\udfff]", text):
        refuse(f"not UTF-8 text: it has the character U+{ord(wrong[0]):04X}", text, wrong.start(), path)


def refuse_length(text: str, path: str) -> None:
    """Refuse more values than tomllib reads in seconds, however short each of them is."""
    hint = 'numbers beyond that belong in a file: x = { file = "batch.npz", key = "x" }'
    if text.count(",") + text.count("[") + text.count("{") > MOST_VALUES:
        raise ScenarioError(f"more than {MOST_VALUES:,} commas and brackets", hint=hint, where=Location(path))
    if text.count("=") > MOST_KEYS:
        raise ScenarioError(f"more than {MOST_KEYS:,} equals signs", hint=hint, where=Location(path))


def refuse_excess(bare: str, path: str) -> None:
    """Refuse what would cost tomllib too much. ``bare`` is the text with strings and comments blanked out."""
    if number := digits.search(bare):
        refuse(f"a number of more than {MOST_DIGITS} digits", bare, number.start(), path)
    for number in exponent.finditer(bare):
        if float(number[0].replace("_", "")) == math.inf:
            refuse(f"{visible(number[0], limit=40)} is beyond the largest float64, 1.8e308", bare, number.start(), path)
    if key := dotted.search(bare):
        refuse(f"a key of more than {MOST_PARTS} parts", bare, key.start(), path)
    depth = tables = 0
    for match in brackets.finditer(bare):
        if match[0] in "]}":
            depth = max(depth - 1, 0)
            continue
        tables += not depth and not bare[bare.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
        depth += 1
        if depth > MOST_NESTED:
            refuse(f"nested more than {MOST_NESTED} deep", bare, match.start(), path)
        if tables > MOST_TABLES:
            refuse(f"more than {MOST_TABLES} tables", bare, match.start(), path)


def refuse(message: str, text: str, offset: int, path: str, *, hint: str | None = None) -> NoReturn:
    """Raise an error about what stands at ``offset``."""
    line = text.count("\n", 0, offset) + 1
    raise ScenarioError(message, hint=hint, where=Location(path, line, offset - text.rfind("\n", 0, offset)))
