"""In the child: of passes that only go forward the first few are told of, and of more than these the last.

A numerical gradient makes them by the thousand. What is seen of all others is forgotten, and where a pass begins as
many have begun that never went back, it is passed over: nothing of it is looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from typing import Any, NamedTuple, TypeAlias

from bptui.programs.child.value_store import StoreMark, ValueStore
from bptui.programs.event import Event

MOST_FORWARD_PASSES = 20
"""Passes without a backward, one after the other, that are all told of."""


Origin: TypeAlias = tuple[tuple[int, int], ...]
"""Where a pass has begun: the functions that were running, and the place in each."""


class PassMark(NamedTuple):
    """Where a pass begins: the state of the values, and the number of the last call before."""

    values: StoreMark
    call: int


class ForwardPasses:
    """Counts the passes since the last backward, and holds back the events of one that may be forgotten.

    Events go to ``tell`` through it. A pass ``is_passed_over`` that begins as others that never went back.
    """

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self.hand_on = tell
        self.held: list[Event] = []
        self.mark: PassMark | None = None
        self.count = 0
        self.begun: set[object] = set()
        self.made: set[int] = set()
        self.is_passed_over = False
        self.origin: Origin = ()
        self.counts: Counter[Origin] = Counter()
        self.going_back: set[Origin] = set()
        self.kept: dict[int, CodeType] = {}

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

    def next_pass(self, values: ValueStore, call: int, frame: FrameType) -> int | None:
        """Begin a pass at a call; of many, forget the one before, and return the number of the last call that is kept.

        Nothing is forgotten of what goes back: that is never passed over again.
        """
        forgotten = None
        if self.mark is not None and not self.is_passed_over:
            self.held.clear()
            values.rewind(self.mark.values)
            forgotten = self.mark.call
        self.begin_at(frame)
        is_usual = self.counts[self.origin] > MOST_FORWARD_PASSES
        self.is_passed_over = is_usual and self.origin not in self.going_back
        self.mark = PassMark(values.mark(), call) if self.count >= MOST_FORWARD_PASSES else None
        return forgotten

    def begin_at(self, frame: FrameType | None) -> None:
        """Take note of where a pass begins."""
        found = []
        while frame is not None:
            self.kept[id(frame.f_code)] = frame.f_code
            found.append((id(frame.f_code), frame.f_lasti))
            frame = frame.f_back
        self.origin = tuple(found[1:])
        self.counts[self.origin] += 1

    def keep(self) -> None:
        """Tell of what was held back: the pass goes back, or the program has ended."""
        self.mark = None
        for event in self.held:
            self.hand_on(event)
        self.held.clear()

    def went_back(self) -> None:
        """Keep the pass, and begin to count anew."""
        self.keep()
        self.going_back.add(self.origin)
        self.is_passed_over = False
        self.counts.clear()
        self.count = 0
        self.begun.clear()
        self.made.clear()
