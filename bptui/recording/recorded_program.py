"""A program as its recording has it: what was seen and printed, and no process that could answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bptui.core.program import PrintedPieces, Program
from bptui.core.tape import Tape
from bptui.errors import LayerError


@dataclass(frozen=True, eq=False)
class RecordedProgram:
    """A program with the tape that was recorded of it, and what it had printed."""

    program: Program
    tape: Tape
    pieces: PrintedPieces
    ended_early: str = ""

    def call_at(self, step: int) -> None:
        """Return nothing: no call of it can be made once more."""

    def ask(self, job: str, *arrays: Any, seconds: float, **arguments: Any) -> dict[str, Any]:  # noqa: ARG002
        """Raise LayerError: nothing of it runs."""
        raise LayerError("only what was recorded of the program is there, and a recording runs nothing")
