"""Selecting a value by its name, along the wires, or by a search."""

from __future__ import annotations

from bptui.core.command import Consumer, NextMatch, PreviousMatch, Producer, SearchNames, Select, Selecting
from bptui.session.answer import Answer
from bptui.session.naming import existing_name
from bptui.session.session import Session


def choose(session: Session, command: Selecting) -> Answer:
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
    if answer.ok and selection.name is not None:
        session.select(selection.name)
    return answer
