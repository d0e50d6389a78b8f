"""Going on with a recording: its file is opened again, held against the run, and written to from where it ends."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from bptui.core import text
from bptui.core.program import Program
from bptui.core.tape import Tape
from bptui.errors import Location, TranscriptError, reason_of
from bptui.recording.digest import FIELD, RunningDigest
from bptui.recording.recorder import OpenedRecording, free_name, lock
from bptui.recording.replay_tape import Recording
from bptui.recording.run_records import header_record
from bptui.recording.step_comparison import compared_tapes
from bptui.recording.verification import compared_steps
from bptui.running import Run


def open_recording(path: Path, arrays: Collection[str]) -> OpenedRecording:
    """Open a recording that has these ``arrays``, to go on with it; what is torn off at its end is cut off.

    Raises TranscriptError.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND)
    except OSError as error:
        raise cannot_resume(path, f"cannot be written: {reason_of(error)}") from None
    try:
        lock(file)
        return whole_lines(path, file)._replace(arrays=arrays)
    except BlockingIOError:
        os.close(file)
        raise cannot_resume(path, "is being written by another recording") from None
    except TranscriptError:
        os.close(file)
        raise


def whole_lines(path: Path, file: int) -> OpenedRecording:
    """Return how many whole lines a file has, and cut off what follows them. Raises TranscriptError."""
    digest, count, size = RunningDigest(), 0, 0
    with os.fdopen(os.dup(file), "rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                break
            if FIELD.search(line) is None:
                raise cannot_resume(path, "is of an earlier version, whose lines have no digests")
            digest.follow(line)
            count, size = count + 1, size + len(line)
    os.ftruncate(file, size)
    return OpenedRecording(file, count, size, digest)


def check_same_run(recording: Recording, run: Run) -> None:
    """Raise TranscriptError where a recording is not one of this run, as far as it goes."""
    there, here = recording.header, header_record(run.scenario)
    parts: Mapping[str, tuple[object, object]] = {
        "the scenario": (there.source, here.source),
        "the seed": (there.seed, here.seed),
        "what is expanded": (tuple(there.expanded), tuple(here.expanded)),
        "the layers' files": (dict(there.files), dict(here.files)),
        "the data files": (dict(there.data), dict(here.data)),
        "which layers are one's own": (tuple(there.own_layers), tuple(here.own_layers)),
    }
    refuse_changes(recording, parts)
    for number, divergence in compared_steps(recording.tape, run, 0.0):
        if divergence is not None:
            where = f"step {number}" if number else "the values"
            told = f"{text.visible(divergence.name, limit=40)} is another number now"
            raise cannot_resume(recording.path, f"was recorded elsewhere: at {where} {told}")


def check_same_program(recording: Recording, program: Program) -> None:
    """Raise TranscriptError where a recording is not one of this program, with these arguments."""
    there = recording.header.program
    if there is None:
        raise cannot_resume(recording.path, "is the recording of a scenario, and not of a program")
    parts = {
        "the program": (there.text, program.text),
        "what the program is given": (tuple(there.arguments), tuple(program.arguments)),
    }
    refuse_changes(recording, parts)


def refuse_changes(recording: Recording, parts: Mapping[str, tuple[object, object]]) -> None:
    """Raise TranscriptError where any of these ``parts`` is not the same there and here."""
    changed = [what for what, (there, here) in parts.items() if there != here]
    if changed:
        raise cannot_resume(recording.path, f"{' and '.join(changed)} changed since it was recorded")


def other_program_step(recording: Recording, now: Tape) -> str:
    """Return in words where a program has gone another way than its recording; empty where it has not."""
    recorded = recording.tape
    _, divergence = compared_tapes(recorded, now, 0.0)
    if divergence is not None:
        return f"from step {divergence.step} on the program goes another way"
    if recording.has_end and len(now) != len(recorded):
        return f"the program goes on after step {len(recorded)}, once its last"
    return ""


def cannot_resume(path: Path | None, message: str) -> TranscriptError:
    """Return the error about a recording that one cannot go on with, with a name for a new one as the hint."""
    if path is None:
        return TranscriptError(message)
    hint = f"--record {text.visible(str(free_name(path)))} without --resume starts a new recording"
    return TranscriptError(message, hint=hint, where=Location(text.visible(str(path))))
