"""What nodes and leaves are called: by what holds the object or stands in the call, the same in every iteration."""

from __future__ import annotations

from collections.abc import Mapping

from bptui.programs.event import ForwardCall


class NodeNames:
    """The names of a program's nodes. ``begin_pass`` lets them be given anew; an object keeps its own.

    One that nothing has a name for is its class and a number; a layer used again is ``cell#2``, ``cell#3``, ...
    """

    def __init__(self) -> None:
        self.kept: dict[int, str] = {}
        self.owners: dict[str, int] = {}
        self.taken: set[str] = set()

    def begin_pass(self) -> None:
        """Let all names be free again, but for those that objects keep."""
        self.taken = set()

    def node(self, call: ForwardCall) -> str:
        """Return the name of a call's node."""
        return self.unique(self.base(call))

    def base(self, call: ForwardCall) -> str:
        """Return what a call's object is called."""
        if call.owner in self.kept:
            return self.kept[call.owner]
        base = self.held(call) if call.name else self.numbered(call)
        if call.owner:
            self.kept[call.owner] = base
            self.owners[base] = call.owner
        return base

    def held(self, call: ForwardCall) -> str:
        """Return the name under which an object is held, with its holder's where others of that name are in use."""
        is_free = call.name not in self.taken
        return call.name if is_free or not call.holder else f"{call.holder}.{call.name}"

    def numbered(self, call: ForwardCall) -> str:
        """Return the class and the first number that is free in this pass."""
        number = 1
        while f"{call.layer}{number}" in self.taken:
            number += 1
        return f"{call.layer}{number}"

    def unique(self, name: str) -> str:
        """Return a name, with a number behind it where it is taken in this pass."""
        base = name or "value"
        unique, number = base, 1
        while unique in self.taken:
            number += 1
            unique = f"{base}#{number}"
        self.taken.add(unique)
        return unique


def output_names(node: str, call: ForwardCall, targets: Mapping[int, str]) -> tuple[str, ...]:
    """Return the names of a node's outputs: its own, and its own with the variable that each other is assigned to."""
    others = [f"{node}.{targets.get(at) or at}" for at in range(1, len(call.outs))]
    return (node, *others)
