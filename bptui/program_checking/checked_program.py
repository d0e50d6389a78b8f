"""What can be checked: a program that was watched, in a process of its own or in this one."""

from __future__ import annotations

from typing import Any, Protocol

from bptui.core.program import Program
from bptui.core.tape import Tape
from bptui.programs.program_facts import ProgramFacts
from bptui.programs.watched_tape import WatchedTape


class CheckedProgram(Protocol):
    """A program whose watching is over, and that answers what it is asked."""

    facts: ProgramFacts
    watched: WatchedTape
    program: Program

    @property
    def tape(self) -> Tape:
        """What was seen."""

    def begin(self, job: str, *arrays: Any, **arguments: Any) -> int:
        """Ask, without waiting for the answer, and return what ``answered`` knows it by."""

    def answered(self, ticket: int) -> dict[str, Any] | None:
        """Return the answer to what was begun, None where it has not come yet. Raises LayerError."""

    def ask(self, job: str, *arrays: Any, seconds: float, **arguments: Any) -> dict[str, Any]:
        """Return what a function of ours answers there. Raises LayerError."""
