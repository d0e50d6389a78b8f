"""Jumping to places that the session knows of: troubles, marks, and where the last jump began."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bptui.core.text import visible
from bptui.core.verbs.movement import GoTo, Jump, JumpBack, JumpToMark, NextTrouble, PreviousTrouble, SetMark
from bptui.core.verbs.view import Check
from bptui.errors import BptuiError
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
        case JumpToMark(mark):
            return jump_to_mark(session, mark or "")
        case JumpBack(count):
            return jump_back(session, count)


def find_trouble(session: Session, count: int, direction: int) -> Question:
    """Look for the ``count``-th trouble after the cursor (1) or before it (-1)."""
    from bptui.session.troubles import TroubleSearch  # noqa: PLC0415  (when it is first wanted: the program starts sooner)

    return partial(go_to_trouble, session, TroubleSearch(session, count, direction))


def go_to_trouble(session: Session, search: TroubleSearch) -> Answer:
    """Return what has been found by now, and go there."""
    if not search.advance():
        return Answer("looking for trouble …", "dim", is_pending=True)
    if search.found is None:
        return refusal(
            f"no trouble is known that way{checked_count_words(session)}", WayOn(Check, "looks for wrong layers")
        )
    move_cursor(session, GoTo(search.found))
    return Answer(search.words, "error")


def checked_count_words(session: Session) -> str:
    """Return how many nodes have been checked, in words."""
    if not session.has_checks:
        return ""
    told = session.checks.verdicts.told(session.moment.iteration - 1)
    return f" ({told})" if told else ""


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
    """Go back to where a jump began, which is no jump itself. Raises BptuiError where there was none."""
    jumps = session.jumps
    if not jumps:
        raise BptuiError("there is no jump to come back from")
    there = [jumps.pop() for _ in range(min(count, len(jumps)))][-1]
    return Arrival(session, GoTo(there))
