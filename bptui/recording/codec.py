"""Records to JSON and back, by what their classes declare: fields are ``Annotated``, constants are a ``ClassVar``."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from enum import Enum
from functools import cache
from typing import Any, ClassVar, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from bptui.errors import TranscriptError
from bptui.recording.field_kind import FieldKind
from bptui.recording.json_line import JsonObject, write_line

R = TypeVar("R")


class Member(NamedTuple):
    """A field of a record: its name in Python, its kind, and its default, which is ``MISSING`` for none."""

    name: str
    kind: FieldKind
    default: Any

    @property
    def keys(self) -> tuple[str, ...]:
        """Where it stands in JSON: under one key or, where its kind is spread, under some of these."""
        return self.kind.keys if self.kind.is_spread else (key_of(self.name),)

    @property
    def is_required(self) -> bool:
        """Whether it always stands there."""
        return self.default is MISSING


class RecordLayout(NamedTuple):
    """What a class of records declares: ``keys`` are those of constants and members in the order of writing."""

    keys: tuple[str, ...]
    constants: JsonObject
    members: tuple[Member, ...]


@cache
def layout_of(record: Any) -> RecordLayout:
    """Return what a class of records declares, and those above it before."""
    hints = get_type_hints(record, include_extras=True)
    constants = {name: getattr(record, name) for name, hint in hints.items() if get_origin(hint) is ClassVar}
    members = {it.name: Member(it.name, get_args(hints[it.name])[1], default_of(it)) for it in fields(record)}
    return RecordLayout(
        tuple(key for name in hints for key in (members[name].keys if name in members else (key_of(name),))),
        {key_of(name): it.value if isinstance(it, Enum) else it for name, it in constants.items()},
        tuple(members.values()),
    )


def default_of(field: Field[Any]) -> Any:
    """Return a field's default, which is ``MISSING`` for none."""
    return field.default if field.default_factory is MISSING else field.default_factory()


def key_of(name: str) -> str:
    """Return the key of a field whose name may have an underscore behind it, as Python's keywords need."""
    return name.rstrip("_")


def encode_line(record: Any) -> str:
    """Return a record as one line of JSON, its newline included."""
    return write_line(encode_record(record))


def encode_record(record: Any) -> JsonObject:
    """Return a record as JSON knows it; fields that are as by default are left out."""
    kind: Any = type(record)
    layout = layout_of(kind)
    known = layout.constants.copy()
    for member in layout.members:
        value = getattr(record, member.name)
        if member.kind.is_spread:
            known |= member.kind.encode(value)
        elif member.is_required or value != member.default:
            known[member.keys[0]] = member.kind.encode(value)
    return {key: known[key] for key in layout.keys if key in known} | known


def decode_record(record: type[R], json: JsonObject) -> R:
    """Return the record of this class that a JSON object is. Raises TranscriptError."""
    kind: Any = record
    layout = layout_of(kind)
    values = {}
    for member in layout.members:
        if member.kind.takes_the_rest:
            values[member.name] = member.kind.decode({key: it for key, it in json.items() if key not in layout.keys})
        elif member.is_required or member.keys[0] in json:
            values[member.name] = decode_member(member, json)
    return record(**values)


def decode_member(member: Member, json: JsonObject) -> Any:
    """Return the value of one field. Raises TranscriptError where it is missing, or of another kind."""
    found = {key: json[key] for key in member.keys if key in json}
    try:
        if found:
            return member.kind.decode(found if member.kind.is_spread else found[member.keys[0]])
    except TypeError:
        pass
    raise TranscriptError(f"a {json.get('kind', 'part')} of the recording has no proper {member.keys[0]!r}")


def schema_name(record: type[Any]) -> str:
    """Return what a class of records inside others is called in the schema."""
    return record.__name__.removesuffix("Record").lower()


def nested_record(record: type[Any]) -> FieldKind:
    """Return the kind of field that holds a record of this class."""
    name = schema_name(record)

    def read(value: object) -> Any:
        if not isinstance(value, dict):
            raise TranscriptError(f"a {name} of the recording is not an object")
        return decode_record(record, value)

    return FieldKind({"$ref": f"#/$defs/{name}"}, read, encode_record)
