"""What the screen says of a run that does not simply go on: where it ends, why it failed, what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bptui.core.moment import Moment
from bptui.core.order import Turn
from bptui.core.text import visible

if TYPE_CHECKING:
    from bptui.session.session import Session


class Saying(NamedTuple):
    """Words, and the name of their style."""

    text: str
    style: str = ""


def failed_turn(moment: Moment) -> Turn | None:
    """Return the turn in which the run has failed, once the cursor is right before it."""
    tape = moment.tape
    if tape.failure is None or moment.position < len(tape):
        return None
    return tape.order[len(tape) + 1]


def failure_of(moment: Moment) -> str:
    """Return what a failed run's layer has said, and where in the user's file."""
    failure = moment.tape.failure
    if failure is None:
        return ""
    return visible(f"{failure.message} ({failure.where})" if failure.where else failure.message)


def dead_end(session: Session) -> Saying:
    """Return why a command led nowhere."""
    moment = session.moment
    if failed := failed_turn(moment):
        return Saying(f"✗ step {failed.number}, {failed.pass_.value}: {failure_of(moment)}", "error")
    if moment.position == 0:
        return Saying("this is the start: n goes forward")
    if moment.position == len(moment.order):
        return Saying("this is the last step: N goes back")
    if moment.position == len(moment.tape):
        return Saying("the recording ends here: N goes back")
    return Saying("already there")


def how_it_runs(session: Session) -> Saying:
    """Return how far a run is on its way to where the cursor was asked to go, or who holds it up."""
    if session.held_up:
        return Saying(f"{session.held_up}: Esc gives it up", "warning")
    return Saying(f"running: {len(session.tape):,} of {session.debugger.goal:,} steps …", "dim")
