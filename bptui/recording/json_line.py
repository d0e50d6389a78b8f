"""Parsing a line of JSON from a stranger: no recursion, no endless number, no key twice, no NaN."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn, TypeAlias

from bptui.core.text import visible
from bptui.errors import TranscriptError

JsonObject: TypeAlias = dict[str, Any]

FORMAT = 1
"""The version of the records. A reader refuses a later one; fields may be added without a new version."""

MOST_DIGITS = 400
"""Digits in one integer: no float has more, and reading one takes ever longer."""

MOST_PARTS = 1_000_000
"""Lists and objects in one line: the largest graph that is read has a few for each value."""

MOST_ENTRIES = 8_000_000
"""Entries of all lists and objects in one line."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class DamagedTranscriptError(TranscriptError):
    """The records are not those that were written: a line was lost, doubled, moved or edited."""


def parse_line(line: bytes) -> JsonObject:
    """Return the object that a line is. Raises TranscriptError where it is not one that bptui would write."""
    check_ends(line)
    check_amount(line)
    try:
        record = json.loads(
            line.decode("utf-8"),
            object_pairs_hook=unique_keys,
            parse_int=short_integer,
            parse_float=finite_number,
            parse_constant=refuse_constant,
        )
    except UnicodeDecodeError:
        raise DamagedTranscriptError("the line is not UTF-8 text") from None
    except RecursionError:
        raise TranscriptError("the line is nested too deep") from None
    except json.JSONDecodeError as error:
        raise DamagedTranscriptError(f"the line is not JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(record, dict):
        raise TranscriptError("the line is not a JSON object")
    return record


def check_ends(line: bytes) -> None:
    """Raise DamagedTranscriptError for what editors and mail put around lines."""
    if line.startswith(BYTE_ORDER_MARK):
        raise DamagedTranscriptError("a byte order mark stands before the record", hint="save it as plain UTF-8")
    if line.endswith(b"\r\n"):
        raise DamagedTranscriptError("the line ends in CR LF", hint="another program has converted the line ends")


def check_amount(line: bytes) -> None:
    """Raise TranscriptError for a line whose parts, counted before it is parsed, would take far more memory."""
    if line.count(b"[") + line.count(b"{") > MOST_PARTS or line.count(b",") > MOST_ENTRIES:
        raise TranscriptError("the line has more parts than any record that bptui writes")


def unique_keys(pairs: list[tuple[str, Any]]) -> JsonObject:
    """Return an object's entries. Raises TranscriptError where a key comes twice."""
    record = dict(pairs)
    if len(record) < len(pairs):
        raise TranscriptError("an object has a key twice")
    return record


def short_integer(digits: str) -> int:
    """Return an integer. Raises TranscriptError where it is absurdly long."""
    if len(digits) > MOST_DIGITS:
        raise TranscriptError(f"a number has {len(digits)} digits")
    return int(digits)


def finite_number(written: str) -> float:
    """Return a number with a point or an exponent. Raises TranscriptError where it is too large for float64."""
    number = float(written)
    if math.isinf(number):
        raise TranscriptError(f"{visible(written, limit=40)} is too large for float64")
    return number


def refuse_constant(word: str) -> NoReturn:
    """Raise TranscriptError for the bare NaN and Infinity that JSON does not have."""
    raise TranscriptError(f"{word} is not JSON", hint=f'bptui writes "{word}"')


def write_line(record: JsonObject) -> str:
    """Return an object as one line of JSON, its newline included.

    All of it is ASCII: a name that holds a control sequence must not reach a terminal as one.
    """
    return json.dumps(record, allow_nan=False) + "\n"
