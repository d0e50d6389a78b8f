"""Moving the cursor: the debugger's commands, and what there is to say where one has led."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bptui.core.text import visible
from bptui.core.verbs.movement import (
    Back,
    Finish,
    GoTo,
    GoToIteration,
    Into,
    Last,
    LineBack,
    Next,
    NextIteration,
    PreviousIteration,
    ReverseFinish,
    RunTo,
    Travel,
)
from bptui.errors import BptuiError
from bptui.session.answer import Answer, Question, WayOn, refusal
from bptui.session.selecting import named_or_selected
from bptui.session.session import Session
from bptui.session.status_messages import failed_turn, halt_reason, how_it_runs

if TYPE_CHECKING:
    from bptui.stepping.line_tape import LineCursor

Relative = Next | Back | LineBack | Finish | ReverseFinish
"""What always leads elsewhere, but at the ends of the run; what does not is a jump, from which one can come back."""

ALREADY_THERE = "already there"


class Arrival:
    """Where a command has led, asked again until the cursor is there: mostly there is nothing to say."""

    def __init__(self, session: Session, command: Travel) -> None:
        self.session = session
        self.command = command
        self.is_relative = isinstance(command, Relative)
        self.is_to_end = isinstance(command, Last)
        self.before = self.place
        session.do(command)

    @property
    def leads_away(self) -> bool:
        """Whether the cursor has left where it stood, or will once the run has come there."""
        return self.place != self.before or self.session.debugger.goal != self.before[0]

    @property
    def falls_short(self) -> bool:
        """Whether fewer steps were there than the command has asked for: the run ends here, or begins."""
        moved = abs(self.session.debugger.position - self.before[0])
        return isinstance(self.command, Next | Back) and self.before[1] is None and moved < self.command.count

    @property
    def place(self) -> tuple[int, LineCursor | None]:
        """Where the cursor stands, and the cursor in the layer's source."""
        return self.session.debugger.position, self.session.lines

    def __call__(self) -> Answer:
        """Return what there is to say by now."""
        session = self.session
        if session.is_waiting:
            return how_it_runs(session)
        if session.debugger.goal == session.debugger.position:
            if self.place != self.before:
                return replace(halt_reason(session), ok=True) if self.falls_short else Answer()
            if not self.is_relative:
                return Answer(ALREADY_THERE)
        if self.is_to_end and session.is_replay:
            return replace(halt_reason(session), style="", ok=True)  # it leads to the last step that there is
        if failed := failed_turn(session.moment):
            session.selection.choose(failed.name)
        return halt_reason(session)


def travel(session: Session, command: Travel) -> Question:
    """Move the cursor. Raises BptuiError where there is no such place."""
    match command:
        case Into():
            return go_into(session, command)
        case LineBack() if session.lines is None:
            return lambda: refusal("there is no line to go back to outside a layer's source", INTO)
        case RunTo(name):
            return run_to_value(session, replace(command, name=named_or_selected(session, name)))
        case GoTo(step) if step > (count := len(session.tape.order)):
            raise BptuiError(f"there is no step {step}: the run has {count}")
        case GoToIteration(iteration) if iteration > (count := session.tape.order.iterations):
            raise BptuiError(f"there is no iteration {iteration}: the run has {count}")
        case NextIteration() if (last := session.tape.order.iterations) == session.moment.iteration:
            raise BptuiError(f"this is the last iteration of {last}" if last > 1 else "the run has one iteration")
        case PreviousIteration() if session.moment.iteration == 1:
            raise BptuiError("this is the first iteration")
    return move_cursor(session, command)


def move_cursor(session: Session, command: Travel) -> Arrival:
    """Move the cursor to where a command leads, and remember where a jump began."""
    arrival = Arrival(session, command)
    if not arrival.is_relative and arrival.leads_away:
        session.jumps.append(arrival.before[0])
    return arrival


def run_to_value(session: Session, command: RunTo) -> Question:
    """Run to a value's next step, and leave the value selected. Raises BptuiError for a constant."""
    assert command.name is not None
    if command.name in session.tape.graph.constants:
        raise BptuiError(f"{visible(command.name, limit=40)} is a constant, which has no step")
    return partial(arrival_answer, move_cursor(session, command), command.name)


def arrival_answer(arrival: Arrival, name: str) -> Answer:
    """Return what there is to say of running to a value, and select it."""
    session, answer = arrival.session, arrival()
    moment = session.moment
    if answer.text == ALREADY_THERE and name not in {moment.name, *moment.changed}:
        return refusal(f"no step of this iteration reaches {visible(name, limit=40)}")
    if answer.ok and not answer.is_pending:
        session.selection.choose(name)
    return answer


INTO = WayOn(Into, "goes into it")


def go_into(session: Session, command: Into) -> Question:
    """Go into the source of a layer, or on in it."""
    lines = session.lines
    if lines and lines.is_at_end:
        ended = refusal(f"{visible(lines.tape.called, limit=60)} has ended", WayOn(Finish, "leaves its source"))
        return lambda: ended
    return partial(go_into_source, session, command, session.debugger.position)


def go_into_source(session: Session, command: Into, position: int) -> Answer:
    """Go into a layer's source, if the cursor is still there; a layer of the user's own is asked again."""
    debugger = session.debugger
    if debugger.position != position:
        return Answer()
    try:
        session.do(command)
    except BptuiError as error:
        return replace(refusal(error.message), is_pending=debugger.entrance.is_waiting)
    return Answer()
