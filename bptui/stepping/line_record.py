"""A line tape as plain data, as it comes from a process in which a guest's layer runs, and where nothing is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bptui.errors import BptuiError
from bptui.recording.array_record import decode_array, encode_array
from bptui.recording.json_line import JsonObject
from bptui.stepping.line_tape import CallingLines, Event, LineStep, LineTape
from bptui.stepping.snapshot import Snapshot

DEEPEST = 8


def line_tape_record(tape: LineTape) -> JsonObject:
    """Return a line tape as JSON knows it. A value that stands in many steps is written once."""
    values: dict[int, tuple[int, Snapshot]] = {}
    steps = [line_step_record(step, values) for step in tape.steps]
    return {
        "file": tape.file,
        "layer": tape.layer,
        "method": tape.method,
        "called": tape.called,
        "caller": None if tape.caller is None else caller_record(tape.caller),
        "first": tape.first,
        "source": source_record(tape.source),
        "others": {file: source_record(source) for file, source in tape.others.items()},
        "values": [snapshot_record(it) for _, it in values.values()],
        "steps": steps,
        "notes": list(tape.notes),
        "repeatable": tape.is_repeatable,
    }


def caller_record(caller: CallingLines) -> JsonObject:
    """Return the lines of a call."""
    return {
        "file": caller.file,
        "first": caller.first,
        "last": caller.last,
        "source": source_record(caller.source),
        "start": caller.start,
        "end": caller.end,
    }


def read_caller(record: JsonObject) -> CallingLines:
    """Return the lines of a call in a record. Raises KeyError and TypeError."""
    return CallingLines(
        typed(record["file"], str),
        typed(record["first"], int),
        typed(record["last"], int),
        source_lines_of(record["source"]),
        typed(record["start"], int),
        typed(record["end"], int),
    )


def source_record(source: Mapping[int, str]) -> list[list[int | str]]:
    """Return the lines of a file by number."""
    return [[number, line] for number, line in source.items()]


def line_step_record(step: LineStep, values: dict[int, tuple[int, Snapshot]]) -> JsonObject:
    """Return a step, its values as their places among ``values``, to which those not yet there are added."""

    def place(it: Snapshot) -> int:
        return values.setdefault(id(it), (len(values), it))[0]

    return {
        "line": step.line,
        "depth": step.depth,
        "names": {name: place(it) for name, it in step.names.items()},
        "changed": sorted(step.changed),
        "event": step.event.value,
        "value": None if step.value is None else place(step.value),
        "file": step.file,
    }


def snapshot_record(it: Snapshot) -> JsonObject:
    """Return a snapshot, with its numbers where it has any."""
    return {
        "text": it.text,
        "digest": it.digest,
        "shape": None if it.shape is None else list(it.shape),
        "dtype": it.dtype,
        "array": None if it.array is None else encode_array(it.array),
        "parts": [snapshot_record(part) for part in it.parts],
    }


def read_line_tape(record: JsonObject) -> LineTape:
    """Return the line tape of a record. Raises BptuiError where it is not such a record."""
    try:
        values = [read_snapshot(it) for it in typed(record["values"], list)]
        tape = LineTape(
            typed(record["file"], str),
            typed(record["layer"], str),
            typed(record["method"], str),
            typed(record["first"], int),
            source_lines_of(record["source"]),
            tuple([read_step(it, values) for it in typed(record["steps"], list)]),
            tuple([typed(note, str) for note in typed(record["notes"], list)]),
            is_repeatable=typed(record["repeatable"], bool),
            called=typed(record["called"], str),
            caller=None if record["caller"] is None else read_caller(typed(record["caller"], dict)),
            others={typed(file, str): source_lines_of(it) for file, it in typed(record["others"], dict).items()},
        )
        check_lines(tape)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise BptuiError("the lines of a layer are not in the right form") from error
    if not tape.steps:
        raise BptuiError("the lines of a layer came without a step")
    return tape


def source_lines_of(record: Any) -> dict[int, str]:
    """Return the lines of a file by number."""
    return {typed(number, int): typed(line, str) for number, line in typed(record, list)}


def check_lines(tape: LineTape) -> None:
    """Raise KeyError where a step is at a line of another file that is not there to be shown."""
    for step in tape.steps:
        if step.file:
            tape.others[step.file][step.line]


def read_step(record: JsonObject, values: list[Snapshot]) -> LineStep:
    """Return the step of a record."""
    names: Mapping[str, int] = typed(record["names"], dict)
    value = record["value"]
    return LineStep(
        typed(record["line"], int),
        typed(record["depth"], int),
        {typed(name, str): values[typed(place, int)] for name, place in names.items()},
        frozenset([typed(name, str) for name in typed(record["changed"], list)]),
        Event(record["event"]),
        None if value is None else values[typed(value, int)],
        typed(record["file"], str),
    )


def read_snapshot(record: JsonObject, depth: int = 0) -> Snapshot:
    """Return the snapshot of a record, its array read-only. Raises ValueError and TypeError."""
    if depth > DEEPEST:
        raise ValueError("nested too deep")
    shape, array = record["shape"], record["array"]
    return Snapshot(
        typed(record["text"], str),
        typed(record["digest"], str),
        None if shape is None else tuple([typed(size, int) for size in typed(shape, list)]),
        typed(record["dtype"], str),
        None if array is None else decode_array(array),
        tuple([read_snapshot(part, depth + 1) for part in typed(record["parts"], list)]),
    )


def typed(value: Any, kind: type) -> Any:
    """Return ``value``. Raises TypeError where it is not of ``kind``; true and false are not numbers."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{kind.__name__} expected")
    return value
