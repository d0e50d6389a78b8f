"""The tape of what a name stands for: a scenario, which is run to its end, or a recording, or a branch in one."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bptui.core.edit import MAIN
from bptui.core.tape import Tape
from bptui.core.text import visible
from bptui.errors import BptuiError
from bptui.recording.replay_tape import Recording
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.load import load


def tape_at(place: str, layers: Sequence[Path] = ()) -> Tape:
    """Return the tape of a scenario or a recording; ``FILE:NAME`` is a branch in a recording. Raises BptuiError."""
    if (recorded := recorded_place(place)) is not None:
        return branch_tape(read_transcript(recorded.path), recorded.branch)
    run = Run(load(place, layers=layers))
    run.finish()
    run.close()
    if run.failure:
        raise run.failure
    return run.tape


class RecordedPlace(NamedTuple):
    """A recording, or a branch in it."""

    path: Path
    branch: str | None


def recorded_place(place: str) -> RecordedPlace | None:
    """Return the recording that a name stands for, ``FILE`` or ``FILE:BRANCH``; None where it stands for none."""
    path, colon, branch = place.rpartition(":")
    if colon and not os.path.exists(place) and is_transcript(Path(path)):  # noqa: PTH110  (it may be too long)
        return RecordedPlace(Path(path), branch)
    return RecordedPlace(Path(place), None) if is_transcript(Path(place)) else None


def branch_tape(recording: Recording, branch: str | None) -> Tape:
    """Return the tape of a branch in a recording, by default the first. Raises BptuiError where there is none so."""
    return recorded_branch(recording, branch).tape


def recorded_branch(recording: Recording, branch: str | None) -> Recording:
    """Return a branch in a recording, by default the first. Raises BptuiError where there is none of that name."""
    began_as = {label: name for name, label in recording.labels.items()}
    if branch is None or began_as.get(branch) == MAIN:
        return recording
    if branch not in began_as:
        there = ", ".join(visible(it, limit=40) for it in began_as)
        raise BptuiError(f"there is no branch {visible(branch, limit=40)} in it", hint=f"there are {there}")
    return recording.branches[began_as[branch]]


def is_transcript(path: Path) -> bool:
    """Return whether a file begins as a record does, if after a byte order mark; no scenario does."""
    if not os.path.isfile(path):  # noqa: PTH113  (pathlib raises where a name is too long)
        return False
    try:
        with path.open("rb") as file:
            return file.read(4).removeprefix(BOM_UTF8).startswith(b"{")
    except OSError:
        return False
