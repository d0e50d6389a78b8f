"""What can go wrong, as one tree; core raises, and one place in the CLI and one on the screen show it.

BptuiError                 anything below
├── ScenarioError          a scenario, or a data file that it names, cannot be read
├── LayerError             a layer failed while a scenario ran
│   ├── MisnamedOutputsError  it returned more values, or fewer, than its formula names
│   └── UnansweredError    it had not returned in time, and was given up
├── CommandError           a line is not a command of bptui's
├── ExpressionError        an expression cannot be read, or has no value
│   └── NotReachedError    it speaks of what the run has not come to yet
└── TranscriptError        a recording cannot be written or read
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

MOST_PROBLEMS = 20
"""As many mistakes as one report lists; of the others it says how many."""


class Location(NamedTuple):
    """A place in a file. Lines and columns count from 1, columns in characters."""

    path: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in self if part is not None)


class BptuiError(Exception):
    """One problem: what is wrong, where, and a hint at the way out.

    Its text is ``FILE:LINE:COLUMN: error: what is wrong``, and a line ``hint: ...`` where there is one.
    """

    def __init__(self, message: str, *, hint: str | None = None, where: Location | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    @property
    def path(self) -> str | None:
        """The file it is about."""
        return self.where.path if self.where else None

    @property
    def line(self) -> int | None:
        """The line in that file, from 1."""
        return self.where.line if self.where else None

    @property
    def column(self) -> int | None:
        """The column in that line, from 1, in characters."""
        return self.where.column if self.where else None

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f"\nhint: {self.hint}" if self.hint else ""
        return f"{place}error: {self.message}{hint}"


class ScenarioError(BptuiError):
    """A scenario cannot be read. ``problems`` has every independent mistake, itself first, in file order."""

    def __init__(self, message: str, *, hint: str | None = None, where: Location | None = None) -> None:
        super().__init__(message, hint=hint, where=where)
        self.problems: tuple[ScenarioError, ...] = (self,)

    @classmethod
    def of(cls, problems: Sequence[ScenarioError]) -> ScenarioError:
        """Return the first of ``problems``, by place in the file, as one error that knows them all, within reason."""
        ordered = sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0))
        first = cls(ordered[0].message, hint=ordered[0].hint, where=ordered[0].where)
        first.problems = (first, *ordered[1:MOST_PROBLEMS])
        if len(ordered) > MOST_PROBLEMS:
            path = Location(first.path) if first.path else None
            first.problems += (cls(f"and {len(ordered) - MOST_PROBLEMS} more mistakes", where=path),)
        return first


class LayerError(BptuiError):
    """A layer raised, or returned what is not a value; ``where`` is the node's formula or the layer's own line."""


class MisnamedOutputsError(LayerError):
    """A layer of the user's own has returned more values, or fewer, than the formula names."""


class UnansweredError(LayerError):
    """A layer had not returned in time, and was given up."""


class CommandError(BptuiError):
    """``text`` is not a command; what is wrong stands at ``position``, a number of characters from 0.

    ``where`` says which line of which file it was, where it came from one.
    """

    def __init__(
        self, message: str, text: str, position: int, *, hint: str | None = None, where: Location | None = None
    ) -> None:
        super().__init__(message, hint=hint, where=where)
        self.text = text
        self.position = position


class ExpressionError(BptuiError):
    """``text`` is not an expression, or has no value; that shows at ``position``, a number of characters from 0."""

    def __init__(self, message: str, text: str, position: int, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.text = text
        self.position = position


class NotReachedError(ExpressionError):
    """An expression speaks of what the run has not come to yet."""


class TranscriptError(BptuiError):
    """A recording cannot be written or read."""


def out_of_memory(error: MemoryError) -> BptuiError:
    """Return what to say where there is too little memory for what was asked for."""
    return BptuiError(f"there is not enough memory for this: {error}" if str(error) else "there is not enough memory")


def reason_of(error: BaseException) -> str:
    """Return what an exception says: the system's words, or its own, or its class where it says nothing."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).strip() or type(error).__name__


def named_reason_of(error: BaseException) -> str:
    """Return the class of an exception and what it says, or the class alone where it says nothing."""
    name, words = type(error).__name__, str(error).strip()
    return f"{name}: {words}" if words else name
