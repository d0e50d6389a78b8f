"""A person's own program, as it was when it was watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from bptui.core.tape import Tape

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
    def pieces(self) -> PrintedPieces:
        """What it has printed."""
