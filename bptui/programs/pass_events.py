"""The calls of one iteration, in order: which are nodes, which are groups around them, and which belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bptui.programs.event import BackwardCall, CallRaised, ForwardCall


@dataclass(eq=False)
class PassEvents:
    """The calls of an iteration as they returned, and what the last of them raised, if the program ended by that."""

    forwards: list[ForwardCall] = field(default_factory=list)
    backwards: list[BackwardCall] = field(default_factory=list)
    raised: CallRaised | None = None

    @property
    def parents(self) -> dict[int, int]:
        """For each call, the number of the call that it happened in, 0 for none."""
        forwards = {call.number: call.parent for call in self.forwards}
        return forwards | {call.number: call.parent for call in self.backwards}


@dataclass(frozen=True, eq=False)
class SortedCalls:
    """The calls of an iteration: ``nodes`` and ``groups`` in the order in which they returned, by their numbers.

    ``backwards`` are those of nodes. ``group_of`` leads from a call to the numbers of the groups around it.
    """

    nodes: Sequence[ForwardCall]
    groups: Sequence[ForwardCall]
    backwards: Sequence[BackwardCall]
    parents: dict[int, int]

    def groups_around(self, call: ForwardCall) -> Iterator[int]:
        """Yield the numbers of the groups around a call, the innermost first."""
        known = {group.number for group in self.groups}
        parent = call.parent
        while parent:
            if parent in known:
                yield parent
            parent = self.parents.get(parent, 0)


def sort_calls(events: PassEvents) -> SortedCalls:
    """Return which calls are nodes and which are groups.

    A call with calls inside is a group, unless it goes back in one piece: then it is a node, and what it calls is its
    own affair, as are the calls forward that a call back makes.
    """
    parents = events.parents
    forwards = {call.number: call for call in events.forwards}
    backwards = {call.number: call for call in events.backwards}
    around = {call.parent for call in events.forwards}
    around_back = {call.parent for call in events.backwards}
    whole = {
        call.forward
        for call in events.backwards
        if call.forward in around and call.number not in around_back and call.forward in forwards
    }

    def is_hidden(parent: int) -> bool:
        while parent:
            if parent in whole or parent in backwards:
                return True
            parent = parents.get(parent, 0)
        return False

    visible = [call for call in events.forwards if not is_hidden(call.parent)]
    nodes = [call for call in visible if call.number in whole or call.number not in around]
    numbers = {call.number for call in nodes}
    return SortedCalls(
        nodes,
        [call for call in visible if call.number not in numbers],
        [call for call in events.backwards if call.forward in numbers and not within_node(call, backwards, numbers)],
        parents,
    )


def within_node(call: BackwardCall, backwards: dict[int, BackwardCall], nodes: set[int]) -> bool:
    """Return whether a call back is made by that of a node."""
    parent = backwards.get(call.parent)
    while parent is not None:
        if parent.forward in nodes:
            return True
        parent = backwards.get(parent.parent)
    return False
