"""The pieces of a formula, and what a name is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple

from bptui.core.text import visible

token = re.compile(
    r"(?P<space>[ \t\n]++)|(?P<number>(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)"
    r"|(?P<name>[^\W\d][^\x00-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]*+)"
    r"|(?P<string>'[^'\\\n]*+'|\"[^\"\\\n]*+\")|(?P<sign>\*\*|[-+*/@(),=:{}\[\]])",
)

WORDS: Mapping[str, Any] = {"true": True, "True": True, "false": False, "False": False, "None": None}

ELSEWHERE = {
    ".": "an attribute is not a formula: write Transpose(x) for x.T, and Exp(x) for np.exp(x)",
    "[": "a subscript is not a formula: write Slice(x, axis=0, start=0, stop=1)",
    "^": "a power is written **",
    "%": "the operators are + - * / ** @",
    "×": "a product is written *",
    "·": "a matrix product is written @",
    "÷": "a quotient is written /",
    "−": "a minus is written - (U+002D)",
}
"""What people write from habit, by its first character."""


class FormulaError(Exception):
    """A text is not a formula. ``at`` is the index of the character where that shows."""

    def __init__(self, message: str, at: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint


class Token(NamedTuple):
    """A piece of a formula and where it starts; the kind of the last one is ``end``."""

    kind: str
    text: str
    at: int


def tokenize(formula: str) -> list[Token]:
    """Return the tokens of a formula, an ``end`` after them.

    Raises FormulaError at the first sign that no formula has.
    """
    tokens = []
    at = 0
    while at < len(formula):
        match = token.match(formula, at)
        if match is None or match.lastgroup is None:
            raise FormulaError(f"unexpected {visible(formula[at])}", at, hint_for(formula[at]))
        if match.lastgroup != "space":
            tokens.append(Token(match.lastgroup, match[0], at))
        if match.lastgroup == "name" and not is_name(match[0]):
            wrong = next(place for place, _ in enumerate(match[0]) if not is_name(match[0][: place + 1]))
            raise FormulaError(f"unexpected {visible(match[0][wrong])}", at + wrong, hint_for(match[0][wrong]))
        at = match.end()
    tokens.append(Token("end", "the end", len(formula)))
    return tokens


def hint_for(character: str) -> str | None:
    """Return what to write instead of ``character``."""
    if character in "'\"":
        return "a string is closed on its line, and has no escapes"
    return ELSEWHERE.get(character)


def is_name(name: str) -> bool:
    """Tell whether ``name`` may name a value: Unicode letters (with their marks), digits and ``_``, no digit first."""
    if name.isascii():
        return name.isidentifier()
    categories = [unicodedata.category(character) for character in name]
    allowed = all(
        category[0] == "L" or category in {"Nd", "Mn", "Mc"} or character == "_"
        for category, character in zip(categories, name, strict=True)
    )
    return allowed and (categories[0][0] == "L" or name[0] == "_")


def normal_form(name: str) -> str:
    """Return ``name`` with one spelling for what looks the same: Unicode's normal form C."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)
