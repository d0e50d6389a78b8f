"""The calls of one iteration, in order: which are nodes, which are groups around them, and which belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bptui.programs.event import BackwardCall, ForwardCall


@dataclass(eq=False)
class PassEvents:
    """The calls of an iteration as they returned. The program has ended in those that have ``raised``, if any."""

    forwards: list[ForwardCall] = field(default_factory=list)
    backwards: list[BackwardCall] = field(default_factory=list)
    raised: list[int] = field(default_factory=list)

    def forget_unknown_parents(self) -> None:
        """Take the calls that happened in one that is not known, for it turned out to be no layer's, for outermost."""
        known = {0, *(it.number for it in self.forwards), *(it.number for it in self.backwards)}
        self.forwards = [it if it.parent in known else it._replace(parent=0) for it in self.forwards]
        self.backwards = [it if it.parent in known else it._replace(parent=0) for it in self.backwards]

    def forget_raised(self) -> None:
        """Forget the calls that have raised, because the program went on after that."""
        self.forwards = [call for call in self.forwards if call.number not in self.raised]
        self.backwards = [call for call in self.backwards if call.number not in self.raised]
        self.raised.clear()

    @property
    def has_gone_back(self) -> bool:
        """Whether there was a call back; a loss that tells its gradient at once has not gone back by that."""
        losses = {call.number for call in self.forwards if call.is_loss}
        return any(call.forward not in losses for call in self.backwards)

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


def sort_calls(events: PassEvents, opaque: frozenset[int] = frozenset()) -> SortedCalls:
    """Return which calls are nodes and which are groups; ``opaque`` ones are nodes.

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
    }.union(opaque)

    def is_hidden(parent: int) -> bool:
        while parent:
            if parent in whole or parent in backwards:
                return True
            parent = parents.get(parent, 0)
        return False

    visible = [call for call in events.forwards if not is_hidden(call.parent)]
    nodes = [call for call in visible if call.number in whole or call.number not in around]
    nodes = [call for call in nodes if call.outs or call.number in events.raised]
    numbers = {call.number for call in nodes}
    return SortedCalls(
        nodes,
        [call for call in visible if call.number in around and call.number not in numbers],
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
