"""Reading transcripts. Whatever the file holds, reading it runs nobody's code and ends with a tape or one error."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from bptui.core import text
from bptui.core.command import Command
from bptui.core.edit import MAIN
from bptui.core.graph import Graph
from bptui.core.verbs.branches import DropBranch, NameBranch, SwitchBranch
from bptui.errors import Location, TranscriptError, reason_of
from bptui.recording.branch_recording import BranchRecording
from bptui.recording.codec import decode_record
from bptui.recording.digest import KEY, DigestReader, broken_digest
from bptui.recording.json_line import DamagedTranscriptError, JsonObject, parse_line
from bptui.recording.program_recording import ProgramRecording
from bptui.recording.records import (
    ActionRecord,
    BackwardRecord,
    BranchRecord,
    EndRecord,
    ForwardRecord,
    GraphRecord,
    HeaderRecord,
    NoteRecord,
    OutputRecord,
    Record,
    UpdateRecord,
    VerdictRecord,
    read_record,
)
from bptui.recording.replay_tape import Recording
from bptui.recording.stored_arrays import restore_arrays

RUNG = ("step", "left", "right", "central")
"""The numbers of a finding's ladder, a rung."""

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
            check_line_length(line)
            if is_torn(line):
                break
            recording = extended_by_line(line, digests, recording, path)
    except TranscriptError as error:
        kind = TranscriptError if number == 1 and not looks_like_record(line) else type(error)
        raise kind(error.message, hint=error.hint, where=line_where(path, number)) from None
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
    """Return ``recording`` with what a record says added to it; the first record begins one. Raises TranscriptError."""
    arrays = {} if recording is None else recording.arrays
    restore_arrays(json, arrays)
    if recording is not None:
        add_record(recording, read_record(json))
        return recording
    if json.get("kind") != "header":
        raise TranscriptError("the first record is not a header: this is not a transcript, or its beginning is lost")
    header = decode_record(HeaderRecord, json)
    recording = ProgramRecording(header, path) if header.program else Recording(header, path)
    recording.arrays = arrays
    return recording


def line_where(path: Path, line: int) -> Location:
    """Return a line of the file, or the file where none has been read."""
    return Location(text.visible(str(path)), line or None)


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the file's lines with their newlines, no more of one than shows that it is too long.

    Raises TranscriptError where the file cannot be read.
    """
    if os.path.exists(path) and not path.is_file():  # noqa: PTH110  (pathlib raises where a name is too long)
        raise TranscriptError("is not an ordinary file")
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE + 1):
                yield line
    except OSError as error:
        raise TranscriptError(f"cannot be read: {reason_of(error)}") from None


def check_line_length(line: bytes) -> None:
    """Raise TranscriptError for a line that is too long, but not for the zeros that a crash may leave at the end."""
    if len(line) > LONGEST_LINE and line.strip(b"\0"):
        raise TranscriptError(f"the line is longer than {LONGEST_LINE:,} bytes")


def looks_like_record(line: bytes) -> bool:
    """Return whether there is anything in a line that stands in every record, however damaged the rest of it is."""
    return any(key in line for key in (b'"kind"', b'"versions"', b'"digest"'))


def is_torn(line: bytes) -> bool:
    """Return whether a line, as the last of a file, may be only the beginning of a record."""
    return not line.endswith(b"\n")


def add_record(recording: Recording, record: Record) -> None:
    """Add what a record says. Raises TranscriptError."""
    match record:
        case ForwardRecord() | BackwardRecord() | UpdateRecord():
            branch_of(recording, record.branch).add(record)
        case BranchRecord():
            add_branch(recording, record)
        case GraphRecord() if isinstance(recording, ProgramRecording):
            recording.add_graph(record)
        case OutputRecord() if isinstance(recording, ProgramRecording):
            recording.add_output(record)
        case EndRecord():
            branch_of(recording, record.branch).add_end(record)
        case ActionRecord(at=at):
            check_time(recording, at)
            recording.actions.append(record)
            follow_branches(recording, record.command)
        case NoteRecord(at=at):
            check_time(recording, at)
            recording.notes.append(record)
        case VerdictRecord(at=at):
            check_time(recording, at)
            add_verdict(branch_of(recording, record.branch), record)
        case HeaderRecord():
            raise DamagedTranscriptError("a second header: two recordings were joined")
        case _:
            raise DamagedTranscriptError(f"a record of kind {record.kind} in the recording of a scenario")


def branch_of(recording: Recording, name: str) -> Recording:
    """Return the branch of a recording that is called so. Raises DamagedTranscriptError where there is none."""
    if not name or name == MAIN:
        return recording
    if name not in recording.branches:
        raise DamagedTranscriptError(f"there is no branch {text.visible(name)} before this")
    return recording.branches[name]


def add_branch(recording: Recording, record: BranchRecord) -> None:
    """Add a branch, which has no steps of its own yet. Raises TranscriptError where it cannot be one."""
    if isinstance(recording, ProgramRecording) and record.edit is None:
        raise DamagedTranscriptError("a branch with another graph in the recording of a program")
    if record.branch in {"", MAIN, *recording.branches}:
        raise DamagedTranscriptError(f"a second branch {text.visible(record.branch)}")
    if (record.edit is None) is (record.graph is None):
        raise DamagedTranscriptError("a branch has an edit or another graph")
    recording.branches[record.branch] = BranchRecording(branch_of(recording, record.parent), record)
    recording.labels[record.branch] = recording.current = record.branch


def add_verdict(recording: Recording, record: VerdictRecord) -> None:
    """Add a verdict. Raises DamagedTranscriptError where the run has no such node, or no such iteration.

    Of a program it may be about what was seen and is not recorded: the recording ends before it.
    """
    order, numbers = recording.tape.order, record.iterations
    if not all(before < number for before, number in pairwise((0, *numbers))):
        raise DamagedTranscriptError("the iterations of a verdict do not follow one after the other")
    if any(len(rung) != len(RUNG) for it in record.findings for rung in it.ladder):
        raise DamagedTranscriptError(f"a finding's ladder has not {len(RUNG)} numbers a rung")
    if not isinstance(recording, ProgramRecording):
        if not is_node(recording.tape.graph, record.node):
            raise DamagedTranscriptError(
                f"the verdict is on {text.visible(record.node, limit=40)}, which is not a node"
            )
        if numbers and numbers[-1] > order.iterations:
            raise DamagedTranscriptError("the verdict is on an iteration that the run does not have")
    recording.verdicts.append(record)


def is_node(graph: Graph, name: str) -> bool:
    """Return whether a node bears this name."""
    node = graph.node(name) if name in graph.slots else None
    return node is not None and node.name == name


def follow_branches(recording: Recording, command: Command) -> None:
    """Take note of which branch a command goes to, names or drops."""
    labels = recording.labels
    match command:
        case SwitchBranch(label):
            recording.current = next((name for name, it in labels.items() if it == label), label)
        case NameBranch(label):
            labels[recording.current] = label
        case DropBranch(label):
            dropped = next((name for name, it in labels.items() if it == label), label)
            labels.pop(dropped, None)
            if dropped == recording.current and dropped in recording.branches:
                recording.current = recording.branches[dropped].parent


def check_time(recording: Recording, at: int) -> None:
    """Raise DamagedTranscriptError for an action or a note at a step that the run does not have."""
    grows = isinstance(recording, ProgramRecording)  # an action stands before the steps that it leads to
    longest = max(len(it.tape.order) for it in (recording, *recording.branches.values()))
    if not 0 <= at <= (at if grows else longest):
        raise DamagedTranscriptError(f"step {at} is not one of the run's")
