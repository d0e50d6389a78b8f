"""Selecting a value by its name, along the wires, or by a search; and which value a command is about."""

from __future__ import annotations

from bptui.core.text import visible
from bptui.core.verbs.movement import GoTo
from bptui.core.verbs.selection import Consumer, NextMatch, PreviousMatch, Producer, SearchNames, Select, Selecting
from bptui.errors import BptuiError, ExpressionError
from bptui.session.answer import Answer
from bptui.session.session import Session

MOST_CANDIDATES = 2_000
"""Names among which one that is spelt alike is looked for."""


def select_value(session: Session, command: Selecting) -> Answer:
    """Select a value. Raises BptuiError where there is none of the name."""
    selection = session.selection
    match command:
        case Select(name):
            answer = Answer()
            selection.choose(existing_name(session, name))
        case Consumer(count):
            answer = selection.consumer(count)
        case Producer(count):
            answer = selection.producer(count)
        case NextMatch(count):
            answer = selection.match(count, 1)
        case PreviousMatch(count):
            answer = selection.match(count, -1)
        case SearchNames(text):
            answer = selection.search(text or "")
            if not answer.ok and (found := note_with(session, text or "")) is not None:
                return go_to_note(session, found)
    if answer.ok and selection.name is not None:
        session.select(selection.name)
    return answer


def note_with(session: Session, text: str) -> int | None:
    """Return the next step with a note that contains a text, going round; None where there is none."""
    wanted, here = text.casefold(), session.debugger.position
    found = [at for at, notes in session.notes.items() if any(wanted in note.casefold() for note in notes)]
    return min(found, key=lambda at: (at <= here, at), default=None)


def go_to_note(session: Session, at: int) -> Answer:
    """Go to a step with a note, and tell it."""
    session.do(GoTo(at))
    told = ", and ".join(f"✎ {visible(note, limit=200)}" for note in session.notes[at])
    return Answer(told if session.debugger.position == at else "")


def existing_name(session: Session, name: str) -> str:
    """Return a value's name. Raises BptuiError where there is none of that name at the cursor."""
    graph = session.moment.graph
    if name in graph.slots:
        return name
    if name in session.tape.graph.slots:
        raise ExpressionError(f"there is no value {visible(name, limit=40)} in this iteration", name, 0)
    from difflib import get_close_matches  # noqa: PLC0415  (few mistype, and the program starts sooner)

    near = get_close_matches(name, graph.names[:MOST_CANDIDATES], n=1)
    hint = f"did you mean {visible(near[0], limit=40)}?" if near else None
    raise ExpressionError(f"there is no value {visible(name, limit=40)}", name, 0, hint=hint)


def named_or_selected(session: Session, name: str | None) -> str:
    """Return the value with a name, or the selected one. Raises BptuiError where there is none."""
    if name is not None:
        return existing_name(session, name)
    if session.selection.name is None:
        raise BptuiError("select a node first")
    return session.selection.name
