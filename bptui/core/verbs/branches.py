"""The verbs of what-if: setting a value, which starts a branch, going from one branch to another, and comparing."""

from __future__ import annotations

from typing import TypeAlias

from bptui.core.command import BRANCH, Command
from bptui.deferred_dataclass import dataclass


@dataclass(frozen=True)
class SetValue(
    Command, word="set", keys="e", group=BRANCH, help="a value to something else, and run on as a new branch: x[0] = 2"
):
    """Set a value, an element of it or ``dout``, as ``core/assignment.py`` writes it; None asks for it."""

    edit: str | None = None


class ListBranches(Command, word="branches", group=BRANCH, help="the branches of the run, as a tree"):
    """List the branches."""


@dataclass(frozen=True)
class NameBranch(Command, word="branch", group=BRANCH, help="give this branch another name"):
    """Name the current branch."""

    label: str


@dataclass(frozen=True)
class SwitchBranch(Command, word="switch", group=BRANCH, help="go to another branch, at the same step"):
    """Go to another branch."""

    label: str


@dataclass(frozen=True)
class DropBranch(Command, word="drop", group=BRANCH, help="remove a branch"):
    """Remove a branch."""

    label: str


@dataclass(frozen=True)
class Expand(Command, word="expand", group=BRANCH, help="a node as those that it is made of, in a new branch"):
    """Run a composite as its elementary nodes, in a new branch."""

    name: str


@dataclass(frozen=True)
class Diff(
    Command,
    word="diff",
    keys="D",
    group=BRANCH,
    help="compare with the branch that this comes from, another, or a file",
):
    """Compare the run with its parent branch, with another branch, or with a file."""

    file: str | None = None


Branching: TypeAlias = SetValue | ListBranches | NameBranch | SwitchBranch | DropBranch | Expand
"""What makes branches, and changes them."""
