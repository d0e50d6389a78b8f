"""Verifying the transcript of a program: the program that the person names runs again, and is compared step by step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bptui.core.tape import Tape
from bptui.errors import BptuiError
from bptui.program_branches.program_branch import ProgramBranch
from bptui.programs.program_run import ProgramRun, WatchLimits
from bptui.programs.read_program import read_program
from bptui.recording.branch_recording import BranchRecording
from bptui.recording.replay_tape import Recording
from bptui.recording.step_comparison import Divergence, compared_tapes
from bptui.recording.verification import ELSEWHERE, Verification, first_other_line, other_machine

MOST_MEMORY = 1 << 30


def verify_program(recording: Recording, program: Path | None, rtol: float | None) -> Verification:
    """Return how a recording compares with its program's run. Raises BptuiError where no program is named."""
    record = recording.header.program
    assert record is not None
    if program is None:
        hint = "a recording never says by itself what is run: --program train.py"
        raise BptuiError("this is a recording of a program, which has to be named", hint=hint)
    other = other_machine(recording)
    tolerance = rtol if rtol is not None else ELSEWHERE["float64"] if other else 0.0
    now = read_program(str(program), record.arguments)
    run = ProgramRun(now, WatchLimits(max(1, passes_of(recording.tape)), 0, MOST_MEMORY))
    try:
        run.finish()
        count, divergence = compared_branches(recording, run, tolerance)
    finally:
        run.close()
    line = first_other_line(record.text, now.text)
    changes = [f"the program has changed since it was recorded, first at line {line}"] if line is not None else []
    return Verification(count, tolerance, divergence, other, changes)


def compared_branches(recording: Recording, run: ProgramRun, rtol: float) -> tuple[int, Divergence | None]:
    """Return how many steps of the program and of all its branches were compared, and the first difference."""
    count, divergence = compared_tapes(recording.tape, run.tape, rtol)
    again: dict[str, ProgramBranch] = {}
    for name, it in recording.branches.items():
        if divergence is not None:
            break
        assert isinstance(it, BranchRecording)
        assert it.edit is not None
        parent = again.get(it.parent)
        again[name] = parent.edited(it.edit) if parent else ProgramBranch(run, run.tape, it.edit)
        again[name].finish()
        steps, found = compared_tapes(it.tape, again[name].tape, rtol)
        divergence = None if found is None else replace(found, branch=recording.labels.get(name, name))
        count += steps
    return count, divergence


def passes_of(tape: Tape) -> int:
    """Return how many passes with a backward a tape has."""
    return sum(1 for it in range(tape.order.iterations) if tape.order.passes(it).backward)
