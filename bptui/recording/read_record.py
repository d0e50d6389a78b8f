"""From a line of JSON to the record that it is."""

from __future__ import annotations

from typing import Any

from bptui.core import text
from bptui.errors import TranscriptError
from bptui.recording.codec import decode_record, layout_of
from bptui.recording.json_line import DamagedTranscriptError, JsonObject
from bptui.recording.records import RECORDS, Record


def read_record(json: JsonObject) -> Record:
    """Return the record that a JSON object is. Raises TranscriptError."""
    return decode_record(class_of(json), json)


def class_of(json: JsonObject) -> type[Record]:
    """Return the class of a record, by its kind and, of a step, its pass. Raises TranscriptError."""
    kind = json.get("kind")
    if not isinstance(kind, str):
        raise TranscriptError("a record without a kind")
    classes = [it for it in RECORDS if it.kind == kind]
    if not classes:
        raise TranscriptError(f"a record of unknown kind {text.visible(kind)}", hint="made by a newer bptui?")
    fitting = [it for it in classes if has_constants(it, json)]
    if not fitting:
        raise DamagedTranscriptError(f"a {kind} of no pass that there is")
    return fitting[0]


def has_constants(record: Any, json: JsonObject) -> bool:
    """Return whether an object has what always stands in such records."""
    return all(json.get(key) == value for key, value in layout_of(record).constants.items())
