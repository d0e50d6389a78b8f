"""The arguments of a command as they are typed: numbers, names and text. Reading undoes writing, whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bptui.core.assignment import assignment_of, gradient_element, read_assignment, written_element
from bptui.core.expression.parser import parse_expression
from bptui.core.reader import MOST_DIGITS, Reader, quoted, read_name, read_rest, unquoted, write_name
from bptui.core.stop import ON, read_stop, stop_of
from bptui.deferred_dataclass import dataclass
from bptui.errors import CommandError, ExpressionError

PLACES = ("largest", "nan")
"""Elements that are meant by what they are, and not by where they stand."""

INDEX = re.compile(r"\[?\s*+\d{1,9}+(?:(?:\s++,?+|,)\s*+\d{1,9}+)*+(?:\s*+,)?+\s*+\]?", re.ASCII)
"""An element's index as it may be typed: ``[0, 2]``, or without brackets or commas."""

NUMBER = re.compile(r"\d+", re.ASCII)
WRITTEN_INDEX = re.compile(r"\[(?:0|[1-9]\d{0,8})(?:, (?:0|[1-9]\d{0,8}))*\]", re.ASCII)


@dataclass(frozen=True)
class Argument:
    """A kind of argument: how help calls it, and how it is read, written and told from what it is not."""

    label: str
    read: Callable[[Reader], Any]
    write: Callable[[Any], str]
    is_valid: Callable[[object], bool]


def number_argument(label: str, lowest: int) -> Argument:
    """Return the kind of argument that is a whole number from ``lowest`` on."""

    def read(reader: Reader) -> int:
        token = reader.token
        if not (token.isascii() and token.isdigit()):
            raise reader.error(f"a whole number stands here, such as {lowest or 1}")
        if len(token) > MOST_DIGITS:
            raise reader.error(f"a number of more than {MOST_DIGITS} digits")
        if int(token) < lowest:
            raise reader.error(f"{lowest} is the least")
        return int(reader.take())

    def is_valid(it: object) -> bool:
        return type(it) is int and lowest <= it < 10**MOST_DIGITS

    return Argument(label, read, str, is_valid)


def choice_argument(label: str, *words: str) -> Argument:
    """Return the kind of argument that is one of ``words``, or None for none."""

    def read(reader: Reader) -> str:
        if reader.token not in words:
            raise reader.error(f"one of these stands here: {', '.join(words)}")
        return reader.take()

    return Argument(label, read, str, lambda it: it is None or it in words)


def read_place(reader: Reader) -> str:
    """Return which element of an array is meant: ``largest``, ``nan``, or its index as ``[0, 2]``.

    Raises CommandError.
    """
    start = reader.position
    rest = reader.take_rest().strip().casefold()
    if rest in PLACES:
        return rest
    if not INDEX.fullmatch(rest):
        raise CommandError("largest, nan or an index such as [0, 2] stands here", reader.line, start)
    return f"[{', '.join(str(int(number)) for number in NUMBER.findall(rest))}]"


def is_place(it: object) -> bool:
    """Return whether something is a place in an array as ``read_place`` returns it, or None for none."""
    return it is None or (isinstance(it, str) and (it in PLACES or bool(WRITTEN_INDEX.fullmatch(it))))


def read_expression(reader: Reader) -> str:
    """Return the rest of the line, which has to be an expression. Raises CommandError, which points into the line."""
    start, text = reader.position, reader.take_rest()
    try:
        parse_expression(text)
    except ExpressionError as error:
        raise CommandError(error.message, reader.line, start + error.position, hint=error.hint) from error
    return text


def is_expression(it: object) -> bool:
    """Return whether something is an expression as it is typed, on one line, or None for none."""
    if it is None:
        return True
    if not isinstance(it, str) or it != it.strip() or not it.isprintable():
        return False
    try:
        parse_expression(it)
    except ExpressionError:
        return False
    return True


def is_stop(it: object) -> bool:
    """Return whether something is a stop as it is written, or None for none."""
    if it is None:
        return True
    try:
        return isinstance(it, str) and it.isprintable() and str(read_stop(it)) == it
    except CommandError:
        return False


def is_assignment(it: object) -> bool:
    """Return whether something is an assignment as it is written, or None for none."""
    if it is None:
        return True
    try:
        return isinstance(it, str) and it.isprintable() and str(read_assignment(it)) == it
    except CommandError:
        return False


def read_element(reader: Reader) -> str:
    """Return an element of a value or a gradient as it is written: ``grad(W1)[0, 2]``. Raises CommandError."""
    return written_element(*gradient_element(reader))


def read_on_element(reader: Reader) -> str:
    """Return the element behind the word ``on``. Raises CommandError."""
    if reader.token != ON:
        raise reader.error("on stands here, and an element: on x[0]")
    reader.take()
    return read_element(reader)


def is_element(it: object) -> bool:
    """Return whether something is an element as it is written."""
    try:
        return isinstance(it, str) and it.isprintable() and read_element(Reader(it)) == it
    except CommandError:
        return False


def write_text(text: str) -> str:
    """Return text as it is typed: in quotes where the line would end, or not begin or end as it does."""
    is_plain = text and text.isprintable() and text == text.strip() and unquoted(text) is None
    return text if is_plain else quoted(text)


def is_name_or_none(it: object) -> bool:
    """Return whether something is a name, or None for none."""
    return it is None or (isinstance(it, str) and bool(it))


def is_text(it: object) -> bool:
    """Return whether something is text, or None for none."""
    return it is None or isinstance(it, str)


ARGUMENTS: Mapping[str, Argument] = {
    "count": number_argument("N", 1),
    "step": number_argument("STEP", 0),
    "iteration": number_argument("N", 1),
    "name": Argument("NAME", read_name, write_name, is_name_or_none),
    "node": Argument("NODE", read_name, write_name, is_name_or_none),
    "mark": Argument("X", read_name, write_name, is_name_or_none),
    "text": Argument("TEXT", read_rest, write_text, is_text),
    "expression": Argument("EXPR", read_expression, str, is_expression),
    "file": Argument("FILE", read_rest, write_text, is_text),
    "number": number_argument("N", 1),
    "stop": Argument("NODE|on EXPR", lambda it: str(stop_of(it)), str, is_stop),
    "edit": Argument("TARGET = EXPR", lambda it: str(assignment_of(it)), str, is_assignment),
    "element": Argument("VALUE[I, J]", read_element, str, is_element),
    "of_element": Argument("VALUE[I, J]", read_element, str, is_element),
    "on_element": Argument("on VALUE[I, J]", read_on_element, lambda it: f"on {it}", is_element),
    "from_name": Argument("FROM", read_name, write_name, is_name_or_none),
    "to_name": Argument("TO", read_name, write_name, is_name_or_none),
    "label": Argument("NAME", read_name, write_name, is_name_or_none),
    "place": Argument("largest|nan|[I, J]", read_place, str, is_place),
    "scale": choice_argument("SCALE", "whole", "boxes", "map"),
    "topic": Argument("VERB", read_name, write_name, is_name_or_none),
}
"""The kinds of argument, by the field of a command that has one."""
