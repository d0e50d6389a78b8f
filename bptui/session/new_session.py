"""A session on what runs: a scenario, whose steps are made as they are looked at, or a program that was watched."""

from __future__ import annotations

from bptui.core.program import WatchedProgram
from bptui.running import Run
from bptui.scenario.scenario import Scenario
from bptui.session.session import Session


def scenario_session(scenario: Scenario) -> Session:
    """Return a session on a new run of a scenario, named after its file."""
    name = scenario.path.stem if scenario.path else scenario.title
    run = Run(scenario)
    return Session(run.tape, name, run=run, title=scenario.title, about=scenario.about)


def program_session(watched: WatchedProgram) -> Session:
    """Return a session on a program that was watched; its title is the program with its arguments."""
    program = watched.program
    title = " ".join((program.called, *program.arguments))
    session = Session(watched.tape, program.title, program=watched, printed=watched.pieces, title=title)
    session.welcome = watched.ended_early
    return session
