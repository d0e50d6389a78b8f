"""How names, numbers and shapes are written, on the screen and in reports alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from layers import Array, Shape

UNSAFE = frozenset({"Cc", "Cf", "Cn", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories that a terminal would obey or hide: controls, formats, unassigned, private, separators."""

MARKS = frozenset({"Mn", "Me"})
JSON_WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
"""What stands in JSON for the numbers that it does not have, by how Python writes them."""

LARGEST_PLAIN = 1e6
"""From here on numbers are written in powers of ten."""

MOST_MARKS = 2
"""As many combining marks as a letter of any living script carries; more are a stunt that breaks the line."""


def visible(text: str, *, limit: int = 200) -> str:
    """Return ``text`` with every character that a terminal would obey or hide written as an escape.

    At most ``limit`` characters of it are kept, and an ellipsis says so. Nothing but spaces is quoted, to be seen.
    """
    if text.isascii() and text.isprintable() and len(text) <= limit and not text.isspace():
        return text
    written = escaped(text, limit=limit)
    return f"'{written}'" if text and not text.strip(" ") else written


def escaped(text: str, *, limit: int = 200) -> str:
    """Return ``text`` as ``visible`` does, but with spaces as they are: a part of a line, which others stand beside."""
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return text
    written = []
    marks = 0
    for character in text[:limit]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in MARKS else 0
        if category in UNSAFE or marks > MOST_MARKS:
            written.append(escape(character))
        else:
            written.append(character)
    return "".join(written) + ("…" if len(text) > limit else "")


def escape(character: str) -> str:
    r"""Return ``character`` as Python would write it in a string: ``\x1b``, ``\u2028``."""
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def number(value: float, digits: int = 5) -> str:
    """Return ``value`` with at most ``digits`` significant digits: ``2.2``, ``165``, ``-1.5e-09``, ``Inf``, ``NaN``.

    An integer, and every digit before the point of a number below a million, is written in full.
    """
    if isinstance(value, int):
        return str(value)
    if value != value:  # noqa: PLR0124  (NaN alone differs from itself)
        return "NaN"
    if value in (np.inf, -np.inf):
        return "Inf" if value > 0 else "-Inf"
    written = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e+" in written and abs(value) < LARGEST_PLAIN - 0.5 else written


def json_number(value: float) -> float | str:
    """Return a number as JSON knows it; it has none for what is not finite, which is written as a word."""
    return value if np.isfinite(value) else JSON_WORDS[str(value)]


def shape(array: Array) -> str:
    """Return the shape of an array as a person writes it: ``scalar``, ``[3]``, ``[2, 3]``."""
    return shape_in_words(np.shape(array))


def shape_in_words(shape: Shape) -> str:
    """Return a shape as a person writes it: ``scalar``, ``[3]``, ``[2, 3]``."""
    return f"[{', '.join(map(str, shape))}]" if shape else "scalar"


def index(place: Sequence[int]) -> str:
    """Return an element's index as a person writes it: ``[1, 2]``; nothing of a scalar."""
    return f"[{', '.join(map(str, place))}]" if place else ""


def enumeration(parts: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``; nothing of nothing."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def counted(number: int, noun: str) -> str:
    """Return ``2 inputs``, ``1 gradient``."""
    return f"{number} {noun}{'s' * (number != 1)}"
