"""In the child: which line of the person's code changes a parameter between two passes, found by looking line by line.

It is done in the first passes only, from a call back to the next forward: comparing arrays at each line takes time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

from bptui.guest.child.object_arrays import spots_in
from bptui.programs.child.known_names import KnownNames
from bptui.programs.child.object_names import held_at
from bptui.programs.child.value_store import Array, ValueStore, has_same_bytes
from bptui.programs.event import ChangedAt

MOST_PASSES = 10
"""Between which lines are looked at."""

MOST_LINES = 5_000
"""Lines between two passes after which no more are looked at."""

MOST_COMPARED = 1 << 30
"""Bytes between two passes after which no more are compared: a few tenths of a second."""

COST = 1 << 12
"""Bytes that are compared in the time in which a place is looked up."""


class LookedAfter(NamedTuple):
    """An array that may be changed: where it is, whose it is, and how it was."""

    now: Callable[[], Any]
    owner: int
    name: str
    before: Array


class UpdateLines:
    """Tells of each change of a parameter with its line. Frames of functions that ``is_left_out`` are not looked at."""

    def __init__(
        self,
        values: ValueStore,
        names: KnownNames,
        is_left_out: Callable[[CodeType], bool],
        tell: Callable[[ChangedAt], None],
    ) -> None:
        self.values = values
        self.names = names
        self.is_left_out = is_left_out
        self.tell = tell
        self.looked_after: list[LookedAfter] = []
        self.here: tuple[str, int] | None = None
        self.lines = self.compared = 0
        self.passes = 0
        self.is_on = False

    def begin(self, frame: FrameType | None, owners: dict[int, Any]) -> None:
        """Look from now on, unless somebody else traces lines, or the first passes are over."""
        if self.is_on or self.passes >= MOST_PASSES or sys.gettrace() is not None:
            return
        self.is_on = True
        self.passes += 1
        self.lines = self.compared = 0
        self.looked_after = [*self.on_objects(owners), *self.by_name()]
        self.here = None
        while frame is not None:
            if self.names.is_own(frame.f_code.co_filename):
                frame.f_trace = self.trace_lines
                self.here = self.here or (frame.f_code.co_filename, frame.f_lineno)
            frame = frame.f_back
        sys.settrace(self.trace_call)

    def end(self) -> None:
        """Look no more."""
        if not self.is_on:
            return
        self.is_on = False
        if sys.gettrace() == self.trace_call:
            sys.settrace(None)
        self.look()
        self.looked_after = []

    def on_objects(self, owners: dict[int, Any]) -> list[LookedAfter]:
        """Return the arrays that layers hold."""
        found = []
        for token, owner in owners.items():
            for name, spot in spots_in(owner).items():
                if (before := self.copy_of(spot.array)) is not None:
                    found.append(LookedAfter(lambda spot=spot: spot.array, token, name, before))  # type: ignore[misc]
        return found

    def by_name(self) -> list[LookedAfter]:
        """Return the arrays that are handed to functions, and held somewhere."""
        found = []
        for name, place in self.names.places.items():
            if (before := self.copy_of(held_at(place))) is not None:
                found.append(LookedAfter(lambda place=place: held_at(place), 0, name, before))  # type: ignore[misc]
        return found

    def copy_of(self, array: Any) -> Array | None:
        """Return the copy of an array that was made when it was seen last, None where it was not, or is another now."""
        seen = self.values.seen.get(self.values.token(array)) if isinstance(array, np.ndarray) else None
        return seen.copy if seen and has_same_bytes(array, seen.copy) else None

    def trace_call(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        """Be told by Python of a function that begins, and return what is told of its lines."""
        if not self.names.is_own(frame.f_code.co_filename) or self.is_left_out(frame.f_code):
            return None
        return self.trace_lines(frame, event, None)

    def trace_lines(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        """Be told by Python that a line begins: what the one before has changed is told of."""
        if not self.is_on:
            return None
        self.look()
        if event in ("line", "call"):
            self.here = frame.f_code.co_filename, frame.f_lineno
        self.lines += 1
        if self.lines > MOST_LINES or self.compared > MOST_COMPARED:
            self.end()
        return self.trace_lines

    def look(self) -> None:
        """Tell of what is another than it was; what is not there any more is left alone from then on."""
        kept = []
        same: dict[tuple[int, int], bool] = {}
        self.compared += COST * len(self.looked_after)
        for it in self.looked_after:
            array = array_now(it)
            if array is None:
                continue
            kept.append(it)
            pair = id(array), id(it.before)
            if pair not in same:
                same[pair] = has_same_bytes(array, it.before)
                self.compared += array.nbytes
            if not same[pair]:
                kept[-1] = it._replace(before=array.copy())
                if self.here is not None:
                    self.tell(ChangedAt(it.owner, it.name, *self.here))
        self.looked_after = kept


def array_now(it: LookedAfter) -> Array | None:
    """Return the array that is in a place now, None where there is none."""
    try:
        array = it.now()
    except Exception:  # noqa: BLE001  (the fence: what the person's objects raise is not to be raised in their code)
        return None
    return array if isinstance(array, np.ndarray) else None
