"""From a moment of a watched program into the person's own lines: the call is made once more in its process."""

from __future__ import annotations

from typing import Any, Protocol

from bptui.core import text
from bptui.core.moment import Moment
from bptui.core.step import UpdateStep
from bptui.errors import BptuiError
from bptui.programs.watched_tape import StepCall
from bptui.stepping.guest_job import read_course
from bptui.stepping.line_tape import LineCursor
from bptui.stepping.program_job import JOB

LONGEST = 10.0
"""Seconds after which a call that does not come back is given up."""


class AskedProgram(Protocol):
    """A program whose process answers, or this process itself."""

    def call_at(self, step: int) -> StepCall | None:
        """Return the call that a step is."""

    def ask(self, job: str, *arrays: Any, seconds: float, **arguments: Any) -> dict[str, Any]:
        """Return what a function of ours answers there."""


class ProgramEntrance:
    """The way into the layers of a watched program, but not of a branch: its values are not what a call was given."""

    is_waiting = False

    def __init__(self, program: AskedProgram, *, is_branch: bool = False) -> None:
        self.program = program
        self.is_branch = is_branch

    def enter(self, moment: Moment, *, goal: int) -> LineCursor:
        """Return the first line of the step that has just run, or of the one that failed before ``goal``.

        Raises BptuiError where it has no source to go into.
        """
        failed = moment.tape.failure is not None and goal > moment.position == len(moment.tape)
        if self.is_branch:
            raise BptuiError("calls are gone into as your program made them", hint="switch main, and s there")
        call = self.program.call_at(moment.position + failed)
        if call is None:
            raise BptuiError(obstacle_words(moment))
        arguments = {"forward": call.forward, "backward": call.backward, "caller": call.caller}
        return read_course(self.program.ask(JOB, *call.made, seconds=LONGEST, **arguments)).start


def obstacle_words(moment: Moment) -> str:
    """Return why there is nothing to go into at a step."""
    if moment.step is None:
        return "nothing has run yet: n takes the first step, then s goes into it"
    if isinstance(moment.step, UpdateStep):
        return "an update has no layer to go into: N goes back to the backward pass"
    return f"{text.visible(moment.step.name, limit=40)} is not a call: the code between layers has made it"
