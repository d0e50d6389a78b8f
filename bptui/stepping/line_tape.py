"""The little tape of one method: every line that ran, what each name stood for before it, and a cursor over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from bptui.deferred_dataclass import dataclass

if TYPE_CHECKING:
    from bptui.stepping.snapshot import Snapshot


class Event(StrEnum):
    """What happens at a step: a line is about to run, or its function has returned, or the line has raised."""

    LINE = "line"
    RETURN = "return"
    EXCEPTION = "exception"


@dataclass(frozen=True, eq=False, slots=True)
class LineStep:
    """One place in a method's course. ``line`` is the file's, ``depth`` is 0 in the method and more in what it calls.

    ``names`` has the local names and, as ``self.mask``, the layer's attributes; ``changed`` those which the lines since
    the function's step before have set, changed or deleted. ``value`` is what is returned, or the exception in words.
    ``file`` is that of a function in another file of the same project; it is empty in the method's own.
    """

    line: int
    depth: int
    names: Mapping[str, Snapshot]
    changed: frozenset[str]
    event: Event = Event.LINE
    value: Snapshot | None = None
    file: str = ""

    @property
    def has_raised(self) -> bool:
        """Whether the line has raised, ``value`` being the exception."""
        return self.event is Event.EXCEPTION

    @property
    def has_returned(self) -> bool:
        """Whether the function has returned ``value``."""
        return self.event is Event.RETURN


@dataclass(frozen=True, eq=False, slots=True)
class CallingLines:
    """Where a program calls a method: the call in ``file``, from line ``first`` to ``last``, and lines around it.

    What is called stands in the characters from ``start`` to ``end`` of the first line, from 0, if that is known.
    """

    file: str
    first: int
    last: int
    source: Mapping[int, str]
    start: int = 0
    end: int = 0


@dataclass(frozen=True, eq=False)
class LineTape:
    """The course of ``method`` (``forward`` or ``backward``), defined from line ``first`` of ``file`` on.

    A person calls it ``called``: ``Affine.backward``, ``affine_backward``. A program has a ``caller`` of it.

    ``source`` has the lines of that class, and of everything else in the file that ran, by number, and ``others`` those
    of other files. ``notes`` say what is odd: that not every line was kept, or that the run was not repeated
    (``is_repeatable`` is False).
    """

    file: str
    layer: str
    method: str
    first: int
    source: Mapping[int, str]
    steps: tuple[LineStep, ...]
    notes: tuple[str, ...] = ()
    is_repeatable: bool = True
    called: str = ""
    caller: CallingLines | None = None
    others: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def source_of(self, file: str) -> Mapping[int, str]:
        """Return the lines of a step's ``file`` that are shown, by number."""
        return self.others[file] if file else self.source

    @property
    def start(self) -> LineCursor:
        """The cursor at the first line."""
        return LineCursor(self)

    @property
    def returned(self) -> Snapshot | None:
        """What the method returned, None where it raised."""
        last = self.steps[-1]
        return last.value if last.event is Event.RETURN else None

    @property
    def raised(self) -> Snapshot | None:
        """The exception that left the method, in words, if one did."""
        last = self.steps[-1]
        return last.value if last.event is Event.EXCEPTION else None


@dataclass(frozen=True, eq=False)
class LineCursor:
    """A place on a line tape, from 0. Moving gives another cursor."""

    tape: LineTape
    index: int = 0

    @property
    def step(self) -> LineStep:
        """The step that the cursor stands at."""
        return self.tape.steps[self.index]

    @property
    def is_at_end(self) -> bool:
        """Whether the method has returned or raised."""
        return self.index == len(self.tape.steps) - 1

    @property
    def lines_run(self) -> frozenset[int]:
        """The numbers of the lines that have run, in the file where the cursor stands."""
        before = self.tape.steps[: self.index]
        return frozenset({step.line for step in before if step.file == self.step.file})

    def next(self, count: int = 1) -> LineCursor:
        """Return the cursor ``count`` lines on, or at the end where there are fewer."""
        return replace(self, index=min(self.index + count, len(self.tape.steps) - 1))

    def back(self, count: int = 1) -> LineCursor | None:
        """Return the cursor ``count`` lines back, or None where that is before the first."""
        return replace(self, index=self.index - count) if count <= self.index else None
