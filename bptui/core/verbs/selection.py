"""The verbs that select a value: by its name, along the wires, or by a search."""

from __future__ import annotations

from typing import TypeAlias

from bptui.core.command import LOOK, Command, CountedCommand
from bptui.deferred_dataclass import dataclass


@dataclass(frozen=True)
class Select(Command, word="select", group=LOOK, help="select the value with this name"):
    """Select a value, until the next step selects its own."""

    name: str


class Consumer(
    CountedCommand,
    word="consumer",
    keys="u",
    group=LOOK,
    help="select a consumer of the selected value; again for the next",
):
    """Select a node that uses the selected value, and so on, ``count`` times."""


class Producer(
    CountedCommand,
    word="producer",
    keys="d",
    group=LOOK,
    help="select a producer of the selected value; again for the next",
):
    """Select a value that the selected node uses, and so on, ``count`` times."""


@dataclass(frozen=True)
class SearchNames(Command, word="search", keys="/", group=LOOK, help="search names, layers and notes"):
    """Find the values whose name or layer contains ``text``, and select the nearest; None asks for the text."""

    text: str | None = None


class PreviousMatch(CountedCommand, word="previous-match", keys=",", group=LOOK, help="previous match"):
    """Select the ``count``-th match of the search before the selected value."""


class NextMatch(CountedCommand, word="next-match", keys=".", group=LOOK, help="next match"):
    """Select the ``count``-th match of the search after the selected value."""


Selecting: TypeAlias = Select | Consumer | Producer | SearchNames | PreviousMatch | NextMatch
"""What selects a value."""
