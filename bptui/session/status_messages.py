"""What there is to say of a run that does not simply go on: where it ends, why it failed, what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bptui.core.moment import Moment
from bptui.core.order import Turn
from bptui.core.text import visible
from bptui.core.verbs.movement import Back, Next
from bptui.core.verbs.program import Cancel
from bptui.session.answer import Answer, WayOn, refusal

if TYPE_CHECKING:
    from bptui.session.session import Session

BAR = 20
"""Cells of a bar of progress."""


def is_at_failure(moment: Moment) -> bool:
    """Return whether the cursor has come to where the run has failed."""
    return moment.tape.failure is not None and moment.position >= len(moment.tape)


def failed_turn(moment: Moment) -> Turn | None:
    """Return the turn in which the run has failed, once the cursor is right before it.

    There is none where a program has failed between its layers.
    """
    tape = moment.tape
    return tape.order[len(tape) + 1] if is_at_failure(moment) and len(tape) < len(tape.order) else None


def failure_of(moment: Moment) -> str:
    """Return what a failed run's layer has said, and where in the user's file."""
    failure = moment.tape.failure
    if failure is None:
        return ""
    return visible(f"{failure.message} ({failure.where})" if failure.where else failure.message)


def halt_reason(session: Session) -> Answer:
    """Return why a command led nowhere, or not as far as it was asked to."""
    moment = session.moment
    if failed := failed_turn(moment):
        return Answer(f"✗ step {failed.number}, {failed.pass_.value}: {failure_of(moment)}", "error", ok=False)
    if is_at_failure(moment):
        return Answer(f"✗ after this step: {failure_of(moment)}", "error", ok=False)
    if moment.position == 0:
        return refusal("this is the start", WayOn(Next, "goes forward"))
    if moment.position == len(moment.order):
        return refusal("this is the last step", WayOn(Back, "goes back"))
    return refusal("the recording ends here", WayOn(Back, "goes back"))


def how_it_runs(session: Session) -> Answer:
    """Return how far a run is on its way to where the cursor was asked to go, or who holds it up."""
    if session.held_up:
        return Answer(session.held_up, "warning", is_pending=True, way_on=WayOn(Cancel, "gives it up"))
    done, goal = len(session.tape), session.debugger.goal
    text = f"running: {done:,} of {goal:,} steps {progress_bar(done, goal)}"
    if session.slowest:
        return Answer(f"{text}  {session.slowest}", "warning", is_pending=True)
    return Answer(text, "dim", is_pending=True)


def progress_bar(done: int, goal: int) -> str:
    """Return how much is done as a bar."""
    full = BAR * done // max(1, goal)
    return "█" * full + "░" * (BAR - full)
