"""The kinds of field that a record has: how each is written to JSON, how it is read again, and its JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bptui.core import text
from bptui.errors import TranscriptError
from bptui.recording.array_record import ARRAY_SCHEMA, NON_FINITE, decode_array, decode_non_finite, encode_array
from bptui.recording.json_line import FORMAT

MOST_ITERATIONS = 10**9


def unchanged(value: Any) -> Any:
    """Return a value that JSON knows as it is."""
    return value


@dataclass(frozen=True)
class FieldKind:
    """One kind of field. ``decode`` takes anything, and raises TypeError or TranscriptError where it is another kind.

    A kind with ``keys`` is spread: it encodes to an object whose entries stand in the record itself, each under one of
    these keys, and decodes from such an object. One that ``takes_the_rest`` has all keys that no other has.
    """

    schema: Mapping[str, Any]
    decode: Callable[[Any], Any]
    encode: Callable[[Any], Any] = unchanged
    keys: tuple[str, ...] = ()
    takes_the_rest: bool = False

    @property
    def is_spread(self) -> bool:
        """Whether it stands under other keys than the field's name."""
        return bool(self.keys) or self.takes_the_rest


def of_type(*types: type) -> Callable[[object], Any]:
    """Return what lets values of these types pass; true and false are not numbers."""

    def decode(value: object) -> Any:
        if not isinstance(value, types) or isinstance(value, bool):
            raise TypeError
        return value

    return decode


def list_of(kind: FieldKind) -> FieldKind:
    """Return the kind that is a list of another, a tuple in Python."""

    def encode(values: Sequence[Any]) -> list[Any]:
        return [kind.encode(value) for value in values]

    def decode(value: object) -> tuple[Any, ...]:
        return tuple([kind.decode(it) for it in of_type(list)(value)])

    return FieldKind({"type": "array", "items": kind.schema}, decode, encode)


def by_name(kind: FieldKind) -> FieldKind:
    """Return the kind that is an object with values of another kind, by name."""

    def encode(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: kind.encode(value) for name, value in values.items()}

    def decode(value: object) -> dict[str, Any]:
        return {name: kind.decode(it) for name, it in of_type(dict)(value).items()}

    return FieldKind({"type": "object", "additionalProperties": kind.schema}, decode, encode)


def or_null(kind: FieldKind) -> FieldKind:
    """Return the kind that is another or null, None in Python."""

    def encode(value: Any) -> Any:
        return None if value is None else kind.encode(value)

    def decode(value: object) -> Any:
        return None if value is None else kind.decode(value)

    return FieldKind({"anyOf": [kind.schema, {"type": "null"}]}, decode, encode)


def one_or_several(one: str, several: str, kind: FieldKind) -> FieldKind:
    """Return the kind that is a tuple: a single one stands under the key ``one``, and a list under ``several``."""
    all_of_them = list_of(kind)

    def encode(values: Sequence[Any]) -> dict[str, Any]:
        return {one: kind.encode(values[0])} if len(values) == 1 else {several: all_of_them.encode(values)}

    def decode(found: dict[str, Any]) -> tuple[Any, ...]:
        if len(found) != 1:
            raise TypeError
        return (kind.decode(found[one]),) if one in found else all_of_them.decode(found[several])

    schemas = {one: kind.schema, several: all_of_them.schema}
    choices = [{"properties": {key: schema}, "required": [key]} for key, schema in schemas.items()]
    return FieldKind({"oneOf": choices}, decode, encode, keys=(one, several))


def one_word_of(*words: str) -> FieldKind:
    """Return the kind that is one of these words."""

    def decode(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise TypeError
        return value

    return FieldKind({"enum": list(words)}, decode)


def decode_number(value: object) -> float:
    """Return a number, written as a word where it is not finite. Raises TypeError or TranscriptError."""
    if isinstance(value, str):
        return decode_non_finite(value)
    try:
        return float(of_type(int, float)(value))
    except OverflowError:
        raise TypeError from None


def decode_version(value: object) -> int:
    """Return a format's version. Raises TranscriptError for one that this program does not know yet."""
    version: int = of_type(int)(value)
    if version > FORMAT:
        raise TranscriptError(f"made by a newer bptui, in format {version}; this one reads up to {FORMAT}")
    return version


def decode_train(value: object) -> dict[str, Any]:
    """Return what a header says of the training.

    Raises TypeError, and TranscriptError for a number of iterations that no run has.
    """
    train: dict[str, Any] = of_type(dict)(value)
    if not 1 <= of_type(int)(train.get("steps")) <= MOST_ITERATIONS:
        raise TranscriptError("the header's number of iterations is impossible")
    return train


TEXT = FieldKind({"type": "string"}, of_type(str))
INTEGER = FieldKind({"type": "integer"}, of_type(int))
NUMBER = FieldKind({"anyOf": [{"type": "number"}, {"enum": list(NON_FINITE)}]}, decode_number, text.json_number)
SECONDS = FieldKind({"type": "number"}, of_type(int, float))
TABLE = FieldKind({"type": "object"}, of_type(dict), dict)
VERSION = FieldKind({"type": "integer", "minimum": 1, "maximum": FORMAT}, decode_version)
ARRAY = FieldKind(ARRAY_SCHEMA, decode_array, encode_array)
TRAIN = FieldKind(
    {
        "type": "object",
        "properties": {
            "optimizer": {"type": "string"},
            "steps": {"type": "integer", "minimum": 1, "maximum": MOST_ITERATIONS},
        },
        "required": ["steps"],
    },
    decode_train,
    dict,
)
