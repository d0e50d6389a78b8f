"""Verifying the transcript of a program: the program that the person names runs again, and is compared step by step."""

from __future__ import annotations

from pathlib import Path

from bptui.core.tape import Tape
from bptui.errors import BptuiError
from bptui.programs.program_run import ProgramRun, WatchLimits
from bptui.programs.read_program import read_program
from bptui.recording.replay_tape import Recording
from bptui.recording.verification import ELSEWHERE, Divergence, Verification, other_machine, other_step

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
    run = ProgramRun(
        read_program(str(program), record.arguments), WatchLimits(max(1, passes_of(recording.tape)), 0, MOST_MEMORY)
    )
    try:
        run.finish()
        count, divergence = compared_program(recording.tape, run.tape, tolerance)
    finally:
        run.close()
    return Verification(count, tolerance, divergence, other)


def passes_of(tape: Tape) -> int:
    """Return how many passes with a backward a tape has."""
    return sum(1 for it in range(tape.order.iterations) if tape.order.passes(it).backward)


def compared_program(recorded: Tape, now: Tape, rtol: float) -> tuple[int, Divergence | None]:
    """Return how many steps were compared, and the first difference."""
    for number in range(1, len(recorded) + 1):
        step = recorded.step(number)
        if number > len(now):
            return number, Divergence(
                number, step.pass_.value, step.name, "the program has no such step now", None, None, None
            )
        other = now.step(number)
        if (step.name, step.pass_) != (other.name, other.pass_):
            what = f"the program's step is {other.pass_.value} of {other.name} now"
            return number, Divergence(number, step.pass_.value, step.name, what, None, None, None)
        if (found := other_step(step, other, rtol)) is not None:
            return number, found
    return len(recorded), None
