"""Reading transcripts. Whatever the file holds, reading it runs nobody's code and ends with a tape or one error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bptui.core import text
from bptui.errors import TranscriptError, Where
from bptui.recording.header import read_header
from bptui.recording.json_line import DamagedTranscriptError, Record, member, parse_line
from bptui.recording.replay_tape import Action, Note, RecordedTape

LONGEST_LINE = 64 * 2**20
"""Bytes in one record: six million numbers. A longer line is refused before it is parsed."""

TIMED = frozenset({"kind", "at", "time", "verb"})
"""What an action has besides its verb's arguments."""


def read_transcript(path: Path) -> RecordedTape:
    """Return the tape of a transcript, with its notes and actions.

    A last line that was torn off is left out, and the tape's ``dropped`` says so. Raises TranscriptError.
    """
    tape = None
    line, number = b"", 0
    try:
        for line in read_lines(path):
            number += 1
            if is_torn(line):
                break
            tape = extend(tape, parse_line(line), path)
    except TranscriptError as error:
        raise type(error)(error.message, hint=error.hint, where=place(path, number)) from None
    if tape is None:
        raise TranscriptError("there is no whole record in the file", where=place(path, 1))
    if is_torn(line):
        tape.dropped = f"line {number}, the last, is torn off and left out"
    return tape


def extend(tape: RecordedTape | None, record: Record, path: Path) -> RecordedTape:
    """Return ``tape`` with what a record says added to it; the first record begins the tape."""
    if tape is None:
        return RecordedTape(read_header(record), path)
    add_record(tape, record)
    return tape


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


def add_record(tape: RecordedTape, record: Record) -> None:
    """Add what a record says to the tape. Raises TranscriptError."""
    match record.get("kind"):
        case "step":
            tape.add(record)
        case "end":
            tape.add_end(record)
        case "action":
            arguments = {key: argument for key, argument in record.items() if key not in TIMED}
            tape.actions.append(Action(*read_time(tape, record), member(record, "verb", str), arguments))
        case "note":
            tape.notes.append(Note(*read_time(tape, record), member(record, "text", str)))
        case "header":
            raise DamagedTranscriptError("a second header: two recordings were joined")
        case str(kind):
            raise TranscriptError(f"a record of unknown kind {text.visible(kind)}", hint="made by a newer bptui?")
        case _:
            raise TranscriptError("a record without a kind")


def read_time(tape: RecordedTape, record: Record) -> tuple[int, float]:
    """Return at which step, and how many seconds after the start, an action or a note was made."""
    at = member(record, "at", int)
    if not 0 <= at <= len(tape.order):
        raise DamagedTranscriptError(f"step {at} is none of the run's")
    return at, member(record, "time", (int, float))
