"""What is to be set to what, as it is typed: ``W1[0, 2] = 2 * W1[0, 2]``, ``dout = ones(2, 3)``."""

from __future__ import annotations

import re

from bptui.core.expression.parser import parse_expression
from bptui.core.reader import Reader, quoted, unquoted
from bptui.deferred_dataclass import dataclass
from bptui.errors import CommandError, ExpressionError

TARGET = re.compile(r'("(?:[^"\\]|\\.)*"|[^\s\[\]="]+)\s*(\[[^\]]*\])?\s*(=(?!=))?')
INDEX = re.compile(r"\[\s*+\d{1,9}+(?:\s*+,\s*+\d{1,9}+)*+(?:\s*+,)?+\s*+\]", re.ASCII)
PLAIN = re.compile(r'[^\s()\[\]="]+')
NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Assignment:
    """A value, or ``dout``, or the element of it at ``index``, and the expression for what it is set to."""

    name: str
    index: tuple[int, ...] | None
    expression: str

    def __str__(self) -> str:
        return f"{element_text(self.name, self.index)} = {self.expression}"


def element_text(name: str, index: tuple[int, ...] | None) -> str:
    """Return a value, or one of its elements, as it is typed: ``W1[0, 2]``."""
    written = name if PLAIN.fullmatch(name) and name.isprintable() else quoted(name)
    return written if index is None else f"{written}{list(index)}"


def read_assignment(text: str) -> Assignment:
    """Return what a text sets to what. Raises CommandError, which points at what is wrong."""
    return assignment_of(Reader(text))


def assignment_of(reader: Reader) -> Assignment:
    """Return what the rest of a line sets to what. Raises CommandError."""
    name, index = element_of(reader, needs_sign=True)
    start, text = reader.position, reader.take_rest()
    if not text:
        raise CommandError("what it is set to is missing", reader.line, start, hint="set W1[0, 2] = 0.5")
    try:
        parse_expression(text)
    except ExpressionError as error:
        raise CommandError(error.message, reader.line, start + error.position, hint=error.hint) from error
    return Assignment(name, index, text)


NAME = r'"(?:[^"\\]|\\.)*"|[^\s()\[\]="]+'
GRADIENT = re.compile(rf"(?:grad\(\s*({NAME})\s*\)|d[ \t]+(?!on\b)({NAME}))\s*(\[[^\]]*\])?")
"""A gradient as it is typed, ``grad(W1)[0, 2]``, or as the screen writes it, ``d W1[0, 2]``.

``depends d on x`` is of a value that is called d.
"""


def gradient_element(reader: Reader) -> tuple[bool, str, tuple[int, ...] | None]:
    """Return whether an element is a gradient's, the value's name and the index. Raises CommandError."""
    if reader.is_at_end:
        raise reader.error("an element stands here, such as W1[0, 2] or grad(W1)[0, 2]")
    found = GRADIENT.match(reader.line, reader.position)
    if found is None:
        return False, *element_of(reader, needs_sign=False)
    written = found[1] or found[2]
    name = unquoted(written) if written.startswith('"') else written
    if not name:
        raise reader.error("the name of a value stands here")
    if found[3] and not INDEX.fullmatch(found[3]):
        raise CommandError("an index stands here, such as [0, 2]", reader.line, found.start(3))
    reader.position = found.end()
    reader.skip_blanks()
    return True, name, tuple(map(int, NUMBER.findall(found[3]))) if found[3] else None


def written_element(is_gradient: bool, name: str, index: tuple[int, ...] | None) -> str:  # noqa: FBT001  (what it is)
    """Return an element as it is typed."""
    if not is_gradient:
        return element_text(name, index)
    return f"grad({element_text(name, None)}){'' if index is None else list(index)}"


def element_of(reader: Reader, *, needs_sign: bool) -> tuple[str, tuple[int, ...] | None]:
    """Return the name and the index that come next, and go beyond them and, where it is needed, ``=``.

    Raises CommandError.
    """
    found = TARGET.match(reader.line, reader.position)
    name = (unquoted(found[1]) if found[1].startswith('"') else found[1]) if found else None
    if not found or not name:
        raise reader.error("a value stands here, such as W1 or W1[0, 2]")
    if found[2] and not INDEX.fullmatch(found[2]):
        raise CommandError("an index stands here, such as [0, 2]", reader.line, found.start(2))
    if needs_sign and not found[3]:
        raise CommandError("= stands here, and what it is set to", reader.line, found.end(), hint="set x = 2 * x")
    reader.position = found.end() if needs_sign or not found[3] else found.start(3)
    reader.skip_blanks()
    return name, tuple(map(int, NUMBER.findall(found[2]))) if found[2] else None
