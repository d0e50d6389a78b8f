"""The JSON Schema of records, as their classes declare them."""

from __future__ import annotations

from dataclasses import MISSING
from typing import Any

from bptui.recording import digest
from bptui.recording.array_record import ARRAY_DEFINITION
from bptui.recording.codec import layout_of, schema_name
from bptui.recording.records import (
    RECORDS,
    CurveRecord,
    EditRecord,
    FindingRecord,
    GraphRecord,
    NodeRecord,
    PlaceRecord,
    ProgramRecord,
    WorstRecord,
)

NESTED = (
    CurveRecord,
    EditRecord,
    FindingRecord,
    GraphRecord,
    NodeRecord,
    PlaceRecord,
    ProgramRecord,
    WorstRecord,
)
"""What stands inside records."""


def record_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that each line of ``trace --json`` and of a transcript keeps to."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A record of bptui",
        "oneOf": [with_digest(schema_of(record)) for record in RECORDS],
        "$defs": {"array": ARRAY_DEFINITION} | {schema_name(it): schema_of(it) for it in NESTED},
    }


def with_digest(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a record as a line of a transcript is: a digest may stand at its end."""
    return schema | {"properties": {**schema["properties"], digest.KEY: digest.SCHEMA}}


def schema_of(record: Any) -> dict[str, Any]:
    """Return the schema of one kind of record."""
    _, constants, members = layout_of(record)
    named = [member for member in members if not member.kind.is_spread]
    properties = {key: {"const": it} for key, it in constants.items()}
    properties |= {member.keys[0]: dict(member.kind.schema) for member in named}
    required = [*constants, *(member.keys[0] for member in named if member.default is MISSING)]
    spread = [dict(member.kind.schema) for member in members if member.kind.is_spread]
    return {
        "description": " ".join((record.__doc__ or "").partition("\n\n")[0].split()),
        "type": "object",
        "properties": properties,
        "required": required,
        **({"allOf": spread} if spread else {}),
    }
