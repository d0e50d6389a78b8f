"""Jumping to places that the session knows of: troubles, notes, marks, and where the last jump began."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bptui.core.text import visible
from bptui.core.verbs.movement import (
    GoTo,
    Jump,
    JumpBack,
    JumpToMark,
    NextNote,
    NextTrouble,
    PreviousNote,
    PreviousTrouble,
    SetMark,
)
from bptui.core.verbs.program import WriteNote
from bptui.core.verbs.view import Check
from bptui.errors import BptuiError
from bptui.lines.signs import FAIL
from bptui.session.answer import Answer, Question, WayOn, refusal
from bptui.session.session import Session
from bptui.session.travel import Arrival, move_cursor

if TYPE_CHECKING:
    from bptui.session.troubles import TroubleSearch


def jump(session: Session, command: Jump) -> Question:
    """Go to a place that the session knows of. Raises BptuiError where it knows none."""
    match command:
        case NextTrouble(count):
            return find_trouble(session, count, 1)
        case PreviousTrouble(count):
            return find_trouble(session, count, -1)
        case NextNote(count):
            return jump_to_note(session, count, 1)
        case PreviousNote(count):
            return jump_to_note(session, count, -1)
        case JumpToMark(mark):
            return jump_to_mark(session, mark or "")
        case JumpBack(count):
            return jump_back(session, count)


def find_trouble(session: Session, count: int, direction: int) -> Question:
    """Look for the ``count``-th trouble after the cursor (1) or before it (-1)."""
    from bptui.session.troubles import TroubleSearch  # noqa: PLC0415  (when it is first wanted: the program starts sooner)

    return partial(go_to_trouble, session, TroubleSearch(session, count, direction))


def go_to_trouble(session: Session, search: TroubleSearch) -> Answer:
    """Return what has been found by now, and go there; the user's own layers are checked first."""
    if (pending := check_own_layers(session)) is not None:
        return pending
    if not search.advance():
        return Answer("looking for trouble …", "dim", is_pending=True)
    if search.found is None:
        is_settled = session.is_edited_program or are_all_checked(session)
        way_on = None if is_settled else WayOn(Check, "looks for wrong layers")
        return refusal(f"no trouble is known that way{checked_count_words(session)}", way_on)
    move_cursor(session, GoTo(search.found))
    return Answer(search.words, "error" if FAIL in search.words else "warning")


def check_own_layers(session: Session) -> Answer | None:
    """Have the layers of the user's own checked in this iteration; return how far that is, None once it is done."""
    if session.is_edited_program:
        return None
    if session.program is None and (session.run is None or not session.run.scenario.guests):
        return None
    return session.checks.check_own(session.moment.iteration - 1)


def are_all_checked(session: Session) -> bool:
    """Return whether every node has been checked in the iteration at the cursor."""
    moment = session.moment
    if not session.has_checks:
        return False
    verdicts = session.checks.verdicts
    return len(verdicts.marks(moment.iteration - 1)) == len(verdicts.to_judge(moment.graph))


def checked_count_words(session: Session) -> str:
    """Return how many nodes have been checked, in words."""
    if not session.has_checks:
        return ""
    told = session.checks.verdicts.told(session.moment.iteration - 1)
    return f" ({told})" if told else ""


def jump_to_note(session: Session, count: int, direction: int) -> Question:
    """Go to the ``count``-th step with a note after the cursor (1) or before it (-1), or to the last that way."""
    here = session.debugger.position
    that_way = sorted((at for at in session.notes if (at - here) * direction > 0), key=lambda at: abs(at - here))
    if not that_way:
        way_on = WayOn(WriteNote, "writes one at this step") if session.can_record else None
        return partial(refusal, "there is no note that way", way_on)
    at = that_way[:count][-1]
    return partial(note_answer, session, move_cursor(session, GoTo(at)), at)


def note_answer(session: Session, arrival: Arrival, at: int) -> Answer:
    """Return the notes of a step, once the cursor is there."""
    answer = arrival()
    if answer.text or answer.is_pending or session.debugger.position != at:
        return answer
    return Answer(", and ".join(f"✎ {visible(note, limit=200)}" for note in session.notes[at]))


def set_mark(session: Session, mark: str) -> Answer:
    """Remember the step at the cursor."""
    session.marks[mark] = session.debugger.position
    session.log(SetMark(mark))
    return Answer(f"mark {visible(mark, limit=40)} at step {session.debugger.position}")


def jump_to_mark(session: Session, mark: str) -> Question:
    """Go to a step that has been marked. Raises BptuiError where there is no such mark."""
    if mark in session.marks:
        return move_cursor(session, GoTo(session.marks[mark]))
    marks = ", ".join(visible(it, limit=40) for it in session.marks)
    hint = f"there are {marks}" if marks else None
    raise BptuiError(f"there is no mark {visible(mark, limit=40)}", hint=hint)


def jump_back(session: Session, count: int) -> Question:
    """Go back to where a jump began, which is not itself a jump. Raises BptuiError where there was none."""
    jumps = session.jumps
    if not jumps:
        raise BptuiError("there is no jump to come back from")
    there = [jumps.pop() for _ in range(min(count, len(jumps)))][-1]
    return Arrival(session, GoTo(there))
