"""The branches of a session: runs that go on otherwise from some step of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bptui.core.command import Command
from bptui.core.edit import MAIN, ValueEdit
from bptui.core.tape import Tape
from bptui.core.text import escaped, visible
from bptui.deferred_dataclass import dataclass
from bptui.errors import BptuiError
from bptui.running import Run

if TYPE_CHECKING:
    from bptui.session.checks import SessionChecks


class BranchChange(NamedTuple):
    """What a branch does otherwise: the ``words`` that said so, and the step from which on it shows."""

    words: str
    first_step: int

    def __str__(self) -> str:
        return f"{escaped(self.words)}, from step {self.first_step} on"


@dataclass(eq=False)
class Branch:
    """A run that forks from its ``parent`` at ``first_step``, because of an ``edit``, or as another graph.

    ``words`` are the command that made it, and ``checks`` are of its nodes. The ``command`` was carried out at step
    ``made_at`` of its ``origin``, of which it has the ``shared`` first steps; it ``began_as`` what nothing else did. In
    a program ``settled`` are the values that were set in it. What branches did that it came from, and that were
    dropped, is ``inherited``.
    """

    tape: Tape
    run: Run | None
    parent: str | None = None
    first_step: int = 0
    words: str = ""
    edit: ValueEdit | None = None
    checks: SessionChecks | None = None
    command: Command | None = None
    origin: Branch | None = None
    made_at: int = 0
    shared: int = 0
    began_as: str = MAIN
    settled: frozenset[str] = frozenset()
    inherited: tuple[BranchChange, ...] = ()

    @property
    def changes(self) -> tuple[BranchChange, ...]:
        """What it does otherwise than its parent; nothing of what the run started with."""
        return (*self.inherited, BranchChange(self.words, self.first_step)) if self.words else ()

    def close(self) -> None:
        """End its processes."""
        if self.run is not None:
            self.run.close()
        if self.checks is not None:
            self.checks.checking.close()


@dataclass(eq=False)
class Branches:
    """The branches by name, and which of them is the ``current`` one."""

    by_name: dict[str, Branch]
    current: str = MAIN
    given: int = 0

    @property
    def here(self) -> Branch:
        """The current branch."""
        return self.by_name[self.current]

    @property
    def root(self) -> Branch:
        """The branch that the run started with."""
        return next(it for it in self.by_name.values() if it.origin is None)

    def free_name(self) -> str:
        """Return a name that no branch has."""
        while True:
            self.given += 1
            if (name := f"b{self.given}") not in self.by_name:
                return name

    def existing(self, name: str) -> Branch:
        """Return the branch with a name. Raises BptuiError where there is none."""
        if name in self.by_name:
            return self.by_name[name]
        there = ", ".join(visible(it, limit=40) for it in self.by_name)
        raise BptuiError(f"there is no branch {visible(name, limit=40)}", hint=f"there are {there}")
