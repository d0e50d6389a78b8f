"""A session over a program that was watched."""

from __future__ import annotations

from bptui.core.program import WatchedProgram
from bptui.session.session import Session


def program_session(watched: WatchedProgram) -> Session:
    """Return a session over what was seen of a program, and what it has printed."""
    program = watched.program
    title = " ".join((program.called, *program.arguments))
    return Session(watched.tape, program.title, program=watched, printed=watched.pieces, title=title)
