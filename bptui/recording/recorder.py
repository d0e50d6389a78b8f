"""The recorder: writes a session to a file while it happens, so that whatever ends it ends it with a valid record."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from bptui.core import text
from bptui.core.command import Command
from bptui.core.edit import MAIN, ValueEdit
from bptui.core.moment import Moment
from bptui.core.order import RecordedOrder
from bptui.core.program import WatchedProgram
from bptui.core.tape import Tape
from bptui.errors import Location, TranscriptError, reason_of
from bptui.recording.codec import encode_record
from bptui.recording.digest import RunningDigest
from bptui.recording.disk_sync import DiskSync
from bptui.recording.json_line import write_line
from bptui.recording.program_records import ProgramBranchRecords, ProgramRecords
from bptui.recording.records import ActionRecord, NoteRecord, Record, VerdictRecord
from bptui.recording.run_records import RunRecords, branch_record, in_branch
from bptui.recording.stored_arrays import store_once
from bptui.running import Run

if sys.platform != "win32":
    import fcntl

SLICE = 500
"""Steps that are written before a key may be answered: about 20 ms of small ones."""

PIECE = 1 << 21
"""Bytes after which no more steps are written before a key may be answered."""

PATIENCE = 0.5
"""Seconds that a disk is given to take in what is left when a session ends because of a signal."""

NAME = "session.jsonl"
"""What a recording may be called where only its folder is named."""


class OpenedRecording(NamedTuple):
    """A recording's file that is gone on with: its whole ``lines``, their bytes, and the digest of them all.

    ``arrays`` are the large ones that it has, by their digests.
    """

    file: int
    lines: int
    size: int
    digest: RunningDigest
    arrays: Collection[str] = ()


class RecordedBranch(Protocol):
    """A branch of a session, as far as a recorder wants to know it."""

    tape: Tape
    run: Run | None
    words: str
    edit: ValueEdit | None
    shared: int


@dataclass(eq=False)
class Track:
    """What is written of one branch: its ``steps`` so far, of those up to the ``furthest`` that was reached."""

    source: RunRecords | ProgramRecords | ProgramBranchRecords
    branch: str = ""
    furthest: int = 0
    steps: int = 0
    has_ended: bool = False

    @property
    def owes_end(self) -> bool:
        """Whether every step is written, but not yet what follows the last."""
        return self.steps == len(self.source.tape.order) and not self.has_ended

    @property
    def is_behind(self) -> bool:
        """Whether anything of it is still to be written."""
        return self.steps < self.furthest or self.owes_end


class Recorder:
    """Writes the steps from the first to the furthest that the cursor has reached, the commands and the notes.

    Of a program all steps are written: it has ended, and may not come to the same numbers again.

    ``count`` of the ``written`` records are safe on the disk; the others will be in a moment, and survive the end of
    this process, but not that of the machine. It goes on with what was ``opened``, or begins a new file.
    ``failure`` says why recording had to stop; the session goes on without it. ``clock`` returns seconds.
    """

    def __init__(
        self,
        path: Path,
        run: Run | WatchedProgram,
        clock: Callable[[], float],
        opened: OpenedRecording | None = None,
    ) -> None:
        self.path = path
        source = RunRecords(run) if isinstance(run, Run) else ProgramRecords(run)
        self.track = Track(source, furthest=0 if isinstance(run, Run) else len(run.tape))
        self.tracks = [self.track]
        self.clock = clock
        self.started = clock()
        self.failure: str | None = None
        self.arrays = set[str]()
        if opened is not None:
            self.arrays |= set(opened.arrays)
            self.file: int | None = opened.file
            self.written, self.size, self.digest = opened.lines, opened.size, opened.digest
            self.disk = DiskSync(opened.file, opened.lines)
            return
        self.written = self.size = 0
        self.digest = RunningDigest()
        self.file = create(path, source.path)
        self.disk = DiskSync(self.file)
        self.write(source.header())
        self.sync()
        if self.failure:
            path.unlink()
            raise cannot_record(path, f"cannot be written: {self.failure}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    @property
    def count(self) -> int:
        """How many records are safe on the disk."""
        return self.disk.safe

    @property
    def is_behind(self) -> bool:
        """Whether steps that the cursor has reached, in any branch, are still to be written: ``advance`` does it."""
        return self.failure is None and any(it.is_behind for it in self.tracks)

    def follow(self, name: str, branch: RecordedBranch) -> None:
        """Write the steps of another branch from now on; the first time, what it begins with is written before.

        A branch that is not known yet comes from the one that has been followed until then.
        """
        known = [it for it in self.tracks if it.source.tape is branch.tape]
        if known:
            self.track = known[0]
            return
        parent = self.track
        parent.furthest = max(parent.furthest, min(steps_needed(parent, branch), len(parent.source.tape)))
        while self.failure is None and parent.steps < min(parent.furthest, len(parent.source.tape)):
            self.advance()
        source = RunRecords(branch.run) if branch.run else ProgramBranchRecords(branch.tape)
        scenario = branch.run.scenario if branch.run else None
        self.write(branch_record(name, parent.branch or MAIN, branch.words, branch.edit, scenario))
        self.track = Track(source, name, furthest=branch.shared, steps=branch.shared)
        self.tracks.append(self.track)

    def has(self, branch: RecordedBranch) -> bool:
        """Return whether a branch is recorded."""
        return any(it.source.tape is branch.tape for it in self.tracks)

    def moved(self, command: Command | None, moment: Moment) -> None:
        """Record that ``command`` took the cursor to ``moment``; None where the run has only caught up.

        Up to ``SLICE`` steps are written at once, and the others by ``advance``.
        """
        if command is not None:
            self.done(command, moment.position)
        self.track.furthest = max(self.track.furthest, moment.position)
        self.advance(SLICE)

    def done(self, command: Command, at: int) -> None:
        """Record that a command was carried out at a step."""
        self.write(ActionRecord(at, self.elapsed, command))

    def note(self, text: str, moment: Moment) -> None:
        """Record what is written down at ``moment``, which the run may not have come to yet: a scenario's note."""
        self.track.furthest = max(self.track.furthest, min(moment.position, len(moment.tape)))
        self.write(NoteRecord(moment.position, self.elapsed, text))
        self.disk.ask(self.written)

    def verdict(self, record: VerdictRecord, tape: Tape) -> None:
        """Record what a check has found in the branch of a tape, if anything of that is recorded."""
        for track in self.tracks:
            if track.source.tape is tape:
                self.write(in_branch(record, track.branch))
                self.disk.ask(self.written)

    def advance(self, steps: int = SLICE) -> None:
        """Write at most ``steps`` of the steps that are still to be written, those of the current branch first."""
        self.check_file()
        track = self.track if self.track.is_behind else next((it for it in self.tracks if it.is_behind), self.track)
        self.write_steps(track, steps)
        self.disk.ask(self.written)

    def write_steps(self, track: Track, steps: int) -> None:
        """Hand at most ``steps`` steps of a branch over, and what follows the last."""
        enough = self.size + PIECE
        for number in range(track.steps + 1, min(track.steps + steps, track.furthest) + 1):
            if self.failure or self.size > enough:
                return
            self.write_step(track, number)
            track.steps = number
        if track.owes_end:
            self.write_all(track, track.source.at_end())
            track.has_ended = True

    def write_step(self, track: Track, number: int) -> None:
        """Write a step; one that cannot be written stops the recording, and not the session."""
        try:
            self.write_all(track, track.source.of_step(number))
        except TranscriptError as error:
            self.fail(f"step {number}: {error.message}")

    def write_all(self, track: Track, records: Iterable[Record]) -> None:
        """Hand records of a branch over, one after the other."""
        for record in records:
            self.write(in_branch(record, track.branch))

    def check_file(self) -> None:
        """Notice where another program has removed, replaced or shortened the file, and a disk that fails."""
        if self.file is None:
            return
        if self.disk.failure:
            self.fail(self.disk.failure)
            return
        ours = os.fstat(self.file)
        try:
            there = self.path.stat()
        except OSError:
            self.fail("the file is gone")
            return
        if not os.path.samestat(ours, there):
            self.fail("another file has taken its place")
        elif ours.st_size != self.size:
            self.fail("another program has written to the file")

    def close(self) -> None:
        """Write what is still to be written, however much it is, see it onto the disk, and close the file."""
        while self.is_behind:
            self.advance()
        self.release(None)
        if self.disk.failure:
            self.fail(self.disk.failure)

    def abandon(self) -> None:
        """Close the file as it is: every record in it is whole. A disk that is stalled is waited for a moment only."""
        self.release(PATIENCE)

    def release(self, patience: float | None) -> None:
        """Close the file once it is on the disk, or after ``patience`` seconds."""
        if self.file is not None:
            self.disk.ask(self.written)
            self.disk.close(patience)
            os.close(self.file)
            self.file = None

    @property
    def elapsed(self) -> float:
        """Seconds since recording started, to the millisecond."""
        return round(self.clock() - self.started, 3)

    def write(self, record: Record) -> None:
        """Hand one record over, whole, or stop recording."""
        if self.file is None:
            return
        json = encode_record(record)
        store_once(json, self.arrays)
        encoded = self.digest.sealed(write_line(json).encode("ascii"))
        try:
            write_whole(self.file, encoded)
        except OSError as error:
            os.ftruncate(self.file, self.size)  # what is left of a torn record
            self.fail(reason_of(error))
            return
        self.digest.follow(encoded)
        self.size += len(encoded)
        self.written += 1

    def sync(self) -> None:
        """Wait until all that was written is on the disk, and stop recording where that cannot be."""
        if self.file is None:
            return
        self.disk.ask(self.written)
        self.disk.wait()
        if self.disk.failure:
            self.fail(self.disk.failure)

    def fail(self, why: str) -> None:
        """Stop recording, for good."""
        self.failure = self.failure or why
        self.abandon()

    @property
    def stop_message(self) -> str:
        """What there is to say in the end of a recording that had to stop; nothing of one that has not."""
        if self.failure is None:
            return ""
        return f"{text.visible(str(self.path))}: the recording stopped after {self.count} records: {self.failure}"


def steps_needed(parent: Track, branch: RecordedBranch) -> int:
    """Return how many steps of its parent a branch cannot be read without.

    In a program the passes tell only step by step which call comes next: those of the edited one are needed.
    """
    if branch.edit is None:
        return 0
    order = parent.source.tape.order
    return order.start(branch.edit.iteration + 1) if isinstance(order, RecordedOrder) else branch.shared


def create(path: Path, scenario: Path | None) -> int:
    """Return a new file, open for appending. Raises TranscriptError; a file that exists is never touched."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)
    except (FileExistsError, IsADirectoryError):
        raise refuse_existing(path, scenario) from None
    except OSError as error:
        is_missing = not os.path.lexists(path.parent)
        why = "the folder does not exist" if is_missing else f"cannot be written: {reason_of(error)}"
        raise cannot_record(path, why) from None
    lock(file)
    return file


def refuse_existing(path: Path, scenario: Path | None) -> TranscriptError:
    """Return what is wrong with recording to a path that exists, with a free name as the hint."""
    if path.is_dir():
        free = text.visible(str(free_name(path / NAME)))
        return cannot_record(path, "is a folder, not a file", hint=f"{free} is free")
    if scenario and scenario.exists() and path.exists() and path.samefile(scenario):
        message = "is the scenario itself"
    elif path.is_file() and is_locked(path):
        message = "is being written by another recording"
    elif path.exists() and not path.is_file():
        return cannot_record(path, "is a pipe or a device, not a file")
    else:
        message = "exists already, and a recording never replaces a file"
    return cannot_record(path, message, hint=f"{text.visible(str(free_name(path)))} is free")


def cannot_record(path: Path, message: str, *, hint: str | None = None) -> TranscriptError:
    """Return the error about a recording that cannot start."""
    return TranscriptError(message, hint=hint, where=Location(text.visible(str(path))))


def free_name(path: Path) -> Path:
    """Return the first of the name itself, ``name-2``, ``name-3``, ... that does not exist."""
    if not os.path.lexists(path):  # a link that leads nowhere takes a name, too
        return path
    number = 2
    while os.path.lexists(free := path.with_name(f"{path.stem}-{number}{path.suffix}")):
        number += 1
    return free


def write_whole(file: int, encoded: bytes) -> None:
    """Write all of ``encoded``, however many pieces the system takes it in."""
    left = memoryview(encoded)
    while left:
        left = left[os.write(file, left) :]


def lock(file: int) -> None:
    """Mark an open file as being written, where the system can."""
    if sys.platform != "win32":
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_locked(path: Path) -> bool:
    """Return whether a file is marked as being written."""
    if sys.platform == "win32":
        return False
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
