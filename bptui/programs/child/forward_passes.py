"""In the child: of passes that only go forward the first few are told of, and of more than these the last.

A numerical gradient makes them by the thousand; what is seen of all others is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from bptui.programs.child.value_store import StoreMark, ValueStore
from bptui.programs.event import Event

MOST_FORWARD_PASSES = 20
"""Passes without a backward, one after the other, that are all told of."""


class PassMark(NamedTuple):
    """Where a pass begins: the state of the values, and the number of the last call before."""

    values: StoreMark
    call: int


class ForwardPasses:
    """Counts the passes since the last backward, and holds back the events of one that may be forgotten.

    Events go to ``tell`` through it.
    """

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self.hand_on = tell
        self.held: list[Event] = []
        self.mark: PassMark | None = None
        self.count = 0
        self.begun: set[object] = set()
        self.made: set[int] = set()

    def tell(self, event: Event) -> None:
        """Tell of an event, at once or when it is certain that its pass is kept."""
        if self.mark is None:
            self.hand_on(event)
        else:
            self.held.append(event)

    def begins(self, key: object, given: Iterable[Any]) -> bool:
        """Return whether a forward begins a pass: its layer went forward before, and it is given nothing made since."""
        is_new = key in self.begun and self.made.isdisjoint(map(id, given))
        if is_new:
            self.begun.clear()
            self.made.clear()
            self.count += 1
        self.begun.add(key)
        return is_new

    def note_made(self, outs: Iterable[Any]) -> None:
        """Take note of what a forward has made."""
        self.made.update(map(id, outs))

    def next_pass(self, values: ValueStore, call: int) -> int | None:
        """Begin a pass; of many, forget the one before, and return the number of the last call that is kept."""
        forgotten = None
        if self.mark is not None:
            self.held.clear()
            values.rewind(self.mark.values)
            forgotten = self.mark.call
        if self.count >= MOST_FORWARD_PASSES:
            self.mark = PassMark(values.mark(), call)
        return forgotten

    def keep(self) -> None:
        """Tell of what was held back: the pass goes back, or the program has ended."""
        self.mark = None
        for event in self.held:
            self.hand_on(event)
        self.held.clear()

    def went_back(self) -> None:
        """Keep the pass, and begin to count anew."""
        self.keep()
        self.count = 0
        self.begun.clear()
        self.made.clear()
