"""What the end of a program, or of code that was watched, says of its failure."""

from __future__ import annotations

from bptui.core.text import visible
from bptui.errors import LayerError, Location
from bptui.programs.event import Ended
from bptui.programs.program_facts import ProgramFacts


def program_failure(end: Ended, facts: ProgramFacts, program: str) -> LayerError | None:
    """Return what has ended the ``program`` too early, at the person's innermost line; None where nothing has."""
    if end.how not in ("raised", "lost"):
        return None
    where = Location(facts.shown(program))
    if end.traceback:
        file, line = end.traceback[-1][:2]
        where = Location(facts.shown(str(file)), int(line), end.column)
    return LayerError(visible(end.error, limit=1_000), where=where)
