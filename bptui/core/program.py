"""A person's own program, as it was when it was watched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from bptui.core.tape import Tape
from bptui.deferred_dataclass import dataclass

PrintedPieces: TypeAlias = Sequence[tuple[int, str]]
"""What a program has printed, piece by piece, each with the step after which it came."""


@dataclass(frozen=True)
class Program:
    """A Python file with its ``text``, the ``arguments`` that it was given, and what it was ``called`` by."""

    path: Path
    text: str
    arguments: tuple[str, ...] = ()
    called: str = ""

    @property
    def title(self) -> str:
        """What it is called in a title."""
        return self.path.name


class WatchedProgram(Protocol):
    """A program, the tape that watching it has filled, and what it has printed."""

    @property
    def program(self) -> Program:
        """Which program it is."""

    @property
    def tape(self) -> Tape:
        """What was seen of it."""

    @property
    def ended_early(self) -> str:
        """Why less was seen of it than was asked for, "" where that is not so."""

    def call_at(self, step: int) -> Any:
        """Return the call that a step is, as ``programs`` knows it."""

    def ask(self, job: str, *arrays: Any, seconds: float, **arguments: Any) -> dict[str, Any]:
        """Return what a function of ours answers where the calls can be made once more."""

    @property
    def pieces(self) -> PrintedPieces:
        """What it has printed."""
