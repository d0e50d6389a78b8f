"""Reading transcripts. Whatever the file holds, reading it runs nobody's code and ends with a tape or one error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bptui.core import text
from bptui.errors import TranscriptError, Where
from bptui.recording.header import read_header
from bptui.recording.json_line import DamagedTranscriptError, Record, member, parse_line
from bptui.recording.replay_tape import Action, Note, Recording

LONGEST_LINE = 64 * 2**20
"""Bytes in one record: six million numbers. A longer line is refused before it is parsed."""

TIMED = frozenset({"kind", "at", "time", "verb"})
"""What an action has besides its verb's arguments."""


def read_transcript(path: Path) -> Recording:
    """Return what a transcript has: its tape, notes and actions.

    A last line that was torn off is left out, and ``dropped`` says so. Raises TranscriptError.
    """
    recording = None
    line, number = b"", 0
    try:
        for line in read_lines(path):
            number += 1
            if is_torn(line):
                break
            recording = extend(recording, parse_line(line), path)
    except TranscriptError as error:
        raise type(error)(error.message, hint=error.hint, where=place(path, number)) from None
    if recording is None:
        raise TranscriptError("there is no whole record in the file", where=place(path, 1))
    if is_torn(line):
        recording.dropped = f"line {number}, the last, is torn off and left out"
    return recording


def extend(recording: Recording | None, record: Record, path: Path) -> Recording:
    """Return ``recording`` with what a record says added to it; the first record begins one."""
    if recording is None:
        return Recording(read_header(record), path)
    add_record(recording, record)
    return recording


def place(path: Path, line: int) -> Where:
    """Return a line of the file, or the file where none has been read."""
    return Where(text.visible(str(path)), line or None)


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the file's lines, their newlines included."""
    if path.exists() and not path.is_file():
        raise TranscriptError("is not an ordinary file")
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE + 1):
                if len(line) > LONGEST_LINE and line.strip(b"\0"):
                    raise TranscriptError(f"the line is longer than {LONGEST_LINE} bytes")
                yield line
    except OSError as error:
        raise TranscriptError(f"cannot be read: {error.strerror}") from None


def is_torn(line: bytes) -> bool:
    """Return whether a line, as the last of a file, may be only the beginning of a record."""
    return not line.endswith(b"\n")


def add_record(recording: Recording, record: Record) -> None:
    """Add what a record says. Raises TranscriptError."""
    match record.get("kind"):
        case "step":
            recording.add(record)
        case "end":
            recording.add_end(record)
        case "action":
            arguments = {key: argument for key, argument in record.items() if key not in TIMED}
            recording.actions.append(Action(*read_time(recording, record), member(record, "verb", str), arguments))
        case "note":
            recording.notes.append(Note(*read_time(recording, record), member(record, "text", str)))
        case "header":
            raise DamagedTranscriptError("a second header: two recordings were joined")
        case str(kind):
            raise TranscriptError(f"a record of unknown kind {text.visible(kind)}", hint="made by a newer bptui?")
        case _:
            raise TranscriptError("a record without a kind")


def read_time(recording: Recording, record: Record) -> tuple[int, float]:
    """Return at which step, and how many seconds after the start, an action or a note was made."""
    at = member(record, "at", int)
    if not 0 <= at <= len(recording.tape.order):
        raise DamagedTranscriptError(f"step {at} is none of the run's")
    return at, member(record, "time", (int, float))
