"""Reading transcripts. Whatever the file holds, reading it runs nobody's code and ends with a tape or one error."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bptui.core import text
from bptui.errors import TranscriptError, Where, reason_of
from bptui.recording.codec import decode_record
from bptui.recording.digest import KEY, DigestReader, broken_digest
from bptui.recording.json_line import DamagedTranscriptError, JsonObject, parse_line
from bptui.recording.records import (
    ActionRecord,
    BackwardRecord,
    EndRecord,
    ForwardRecord,
    HeaderRecord,
    NoteRecord,
    Record,
    UpdateRecord,
    read_record,
)
from bptui.recording.replay_tape import Recording

LONGEST_LINE = 64 * 2**20
"""Bytes in one record: six million numbers. A longer line is refused before it is parsed."""


def read_transcript(path: Path) -> Recording:
    """Return what a transcript has: its tape, notes and actions.

    A last line that was torn off is left out, and ``dropped`` says so. Raises TranscriptError.
    """
    recording = None
    digests = DigestReader()
    line, number = b"", 0
    try:
        for line in read_lines(path):
            number += 1
            if is_torn(line):
                break
            recording = extended_by_line(line, digests, recording, path)
    except TranscriptError as error:
        raise type(error)(error.message, hint=error.hint, where=line_where(path, number)) from None
    if recording is None:
        raise TranscriptError("there is no whole record in the file", where=line_where(path, 1))
    if is_torn(line):
        recording.dropped = f"line {number}, the last, is torn off and left out"
    return recording


def extended_by_line(line: bytes, digests: DigestReader, recording: Recording | None, path: Path) -> Recording:
    """Return ``recording`` with what a line says added to it. Raises TranscriptError.

    What is wrong with a damaged record says more than its digest, so that is held against the line last.
    """
    is_right = digests.is_right(line)
    try:
        json = parse_line(line)
        json.pop(KEY, None)
        extended = extend_recording(recording, json, path)
    except TranscriptError as error:
        if is_right or isinstance(error, DamagedTranscriptError):
            raise
        raise broken_digest() from None
    if not is_right:
        raise broken_digest()
    return extended


def extend_recording(recording: Recording | None, json: JsonObject, path: Path) -> Recording:
    """Return ``recording`` with what a record says added to it; the first record begins one."""
    if recording is not None:
        add_record(recording, read_record(json))
        return recording
    if json.get("kind") != "header":
        raise TranscriptError("the first record is not a header: this is not a transcript, or its beginning is lost")
    return Recording(decode_record(HeaderRecord, json), path)


def line_where(path: Path, line: int) -> Where:
    """Return a line of the file, or the file where none has been read."""
    return Where(text.visible(str(path)), line or None)


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the file's lines, their newlines included."""
    if os.path.exists(path) and not path.is_file():  # noqa: PTH110  (pathlib raises where a name is too long)
        raise TranscriptError("is not an ordinary file")
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE + 1):
                if len(line) > LONGEST_LINE and line.strip(b"\0"):
                    raise TranscriptError(f"the line is longer than {LONGEST_LINE} bytes")
                yield line
    except OSError as error:
        raise TranscriptError(f"cannot be read: {reason_of(error)}") from None


def is_torn(line: bytes) -> bool:
    """Return whether a line, as the last of a file, may be only the beginning of a record."""
    return not line.endswith(b"\n")


def add_record(recording: Recording, record: Record) -> None:
    """Add what a record says. Raises TranscriptError."""
    match record:
        case ForwardRecord() | BackwardRecord() | UpdateRecord():
            recording.add(record)
        case EndRecord():
            recording.add_end(record)
        case ActionRecord(at=at):
            check_time(recording, at)
            recording.actions.append(record)
        case NoteRecord(at=at):
            check_time(recording, at)
            recording.notes.append(record)
        case _:
            raise DamagedTranscriptError("a second header: two recordings were joined")


def check_time(recording: Recording, at: int) -> None:
    """Refuse an action or a note at a step that the run does not have."""
    if not 0 <= at <= len(recording.tape.order):
        raise DamagedTranscriptError(f"step {at} is none of the run's")
