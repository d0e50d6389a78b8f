"""Which line of the user's did it: a line tracer that notes where each array was last written.

It knows no layer and no style. What counts as the user's is every file that is neither ours nor a library's.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import process_time
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

from bptui.errors import Location
from layers import Array

MOST_EVENTS = 20_000
"""Lines that are watched; a loop may go on for long."""

LONGEST = 2.0
"""Seconds that watching may take; what runs goes on after that, unwatched."""

MOST_NAMES = 60
MOST_STATES = 8
"""States of the arrays that a layer keeps, as its forward fills and overwrites them, that are looked at."""
MOST_BYTES = 1 << 16
"""Of an array whose every change is seen; of larger ones a part is looked at."""

OURS = str(Path(__file__).parents[1])
LIBRARIES = tuple({str(Path(path)) for path in sysconfig.get_paths().values()} - {"/usr"})


def is_users(file: str) -> bool:
    """Return whether a file is the user's own: neither ours, nor Python's, nor an installed library's."""
    is_library = file.startswith((*LIBRARIES, OURS)) or "site-packages" in file
    return not is_library and not file.startswith("<")


@dataclass(eq=False)
class Written:
    """An array that was seen: what it was last like, where it was last written, and when."""

    array: Array
    digest: int
    line: Location | None = None
    moment: int = 0


@dataclass(eq=False)
class LineWatch:
    """Watches the user's lines: ``written`` has the arrays seen, ``codes`` the functions, outermost first.

    ``last`` is the last line of the outermost.
    ``probe`` is asked after every line, and ``probed`` is the first line after which it had another answer.
    """

    probe: Callable[[], object] = lambda: None
    written: dict[int, Written] = field(default_factory=dict)
    codes: list[CodeType] = field(default_factory=list)
    last: Location | None = None
    probed: Location | None = None
    events: int = 0
    before: object = None
    end: float = 0.0
    running: dict[int, Location] = field(default_factory=dict)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch what runs in this thread, and hand over to the tracer that was there before, whatever happens."""
        self.before, self.end = self.probe(), process_time() + LONGEST
        outer = sys.gettrace()
        sys.settrace(self.on_call)
        try:
            yield
        finally:
            sys.settrace(outer)

    @property
    def is_over(self) -> bool:
        """Whether enough has been watched."""
        return self.events > MOST_EVENTS or process_time() > self.end

    def on_call(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:  # noqa: ARG002
        """Decide whether a function that begins is watched; what it was given was written elsewhere."""
        if self.is_over or not is_users(frame.f_code.co_filename):
            return None
        if frame.f_code not in self.codes:
            self.codes.append(frame.f_code)
        self.note_arrays(frame, None)
        return self.on_event

    def on_event(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:  # noqa: ARG002
        """Put down what has changed to the line that has just run in this function."""
        self.events += 1
        if self.is_over:
            return None
        just_run = self.running.get(id(frame))
        self.note_arrays(frame, just_run)
        self.ask(just_run)
        line = Location(frame.f_code.co_filename, frame.f_lineno)
        self.running[id(frame)] = line
        if event == "return":
            del self.running[id(frame)]
            if frame.f_code is self.codes[0]:
                self.last = line
        return self.on_event

    def ask(self, line: Location | None) -> None:
        """Ask the probe."""
        if self.probed is None and line is not None and self.probe() != self.before:
            self.probed = line

    def note_arrays(self, frame: FrameType, line: Location | None) -> None:
        """Look at all arrays that a function can name."""
        for array in arrays_in(frame.f_locals):
            digest = digest_of(array)
            known = self.written.get(id(array))
            if known is None:
                self.written[id(array)] = Written(array, digest, line, self.events)
            elif known.digest != digest:
                known.digest, known.line, known.moment = digest, line, self.events

    def line_of(self, result: Any, otherwise: Location | None) -> Location | None:
        """Return the line that last wrote an array: its own memory, or the same numbers; another line otherwise."""
        if isinstance(result, np.ndarray):
            for is_it in (shares_memory, has_same_numbers):
                found = [it for it in self.written.values() if it.line and is_it(it.array, result)]
                if found:
                    return max(found, key=lambda it: it.moment).line
        return otherwise


def shares_memory(one: Array, two: Array) -> bool:
    """Return whether two arrays have memory in common."""
    return bool(np.may_share_memory(one, two))


def has_same_numbers(one: Array, two: Array) -> bool:
    """Return whether two arrays hold the same numbers, more than one of them."""
    return one.shape == two.shape and one.size > 1 and bool(np.array_equal(one, two))


def arrays_in(names: Mapping[str, Any]) -> Iterator[Array]:
    """Yield the arrays that stand behind names, also in what ``self`` has and keeps, and one container deep."""
    for name, it in islice(names.items(), MOST_NAMES):
        yield from arrays_of(it)
        if name == "self":
            for attribute in islice(attributes_of(it).values(), MOST_NAMES):
                yield from arrays_of(attribute)
                yield from arrays_of(list(attributes_of(attribute).values()))


def arrays_of(it: Any) -> Iterator[Array]:
    """Yield an array, or those in a list, tuple or dict."""
    if isinstance(it, np.ndarray):
        yield it
    elif isinstance(it, list | tuple):
        yield from (part for part in islice(it, MOST_NAMES) if isinstance(part, np.ndarray))
    elif isinstance(it, dict):
        yield from (part for part in islice(it.values(), MOST_NAMES) if isinstance(part, np.ndarray))


def attributes_of(owner: object) -> dict[str, Any]:
    """Return an object's attributes, without calling any of its own code; empty where it keeps none by name."""
    try:
        return dict(vars(owner))
    except TypeError:
        return {}


def digest_of(array: Array) -> int:
    """Return what tells an array from the same one with other numbers."""
    if array.dtype.hasobject:
        return 0
    if array.nbytes <= MOST_BYTES:
        return hash(array.tobytes())
    flat = array.reshape(-1)
    return hash((flat[:: max(1, flat.size // 4096)].tobytes(), float(np.nansum(flat))))


class Overwritten(NamedTuple):
    """An attribute with the numbers that forward had ``saved`` in one line, and whose array changed in another."""

    name: str
    line: int
    changed: int
    saved: Array


def overwritten_attributes(instance: Callable[[], Any], forward: Callable[[], object]) -> list[Overwritten]:
    """Return what a layer has kept on itself and its forward has written over, the last first.

    An array that is filled bit by bit has been each of the things that it was, so all of those are there.
    """
    watch = AttributeWatch(instance)
    with watch.watching():
        forward()
    return watch.found[: -MOST_STATES - 1 : -1]


class AttributeWatch(LineWatch):
    """Watches what a layer keeps on itself while forward runs."""

    def __init__(self, instance: Callable[[], Any]) -> None:
        super().__init__()
        self.instance = instance
        self.kept: dict[str, tuple[Array, Array, int]] = {}
        self.found: list[Overwritten] = []

    def note_arrays(self, frame: FrameType, line: Location | None) -> None:
        """Look at the attributes: the same array with other numbers was overwritten."""
        del frame
        for name, it in islice(attributes_of(self.instance()).items(), MOST_NAMES):
            if not isinstance(it, np.ndarray) or it.nbytes > MOST_BYTES or line is None:
                continue
            array, saved, number = self.kept.get(name, (None, None, 0))
            if array is not it:
                self.kept[name] = it, it.copy(), line.line or 0
            elif saved is not None and not np.array_equal(saved, it, equal_nan=it.dtype.kind == "f"):
                self.found.append(Overwritten(name, number, line.line or 0, saved))
                self.kept[name] = it, it.copy(), line.line or 0


def line_that_changes(state: Callable[[], object], work: Callable[[], object]) -> Location | None:
    """Return the first line of the user's after which ``state`` has another answer while ``work`` is done."""
    watch = LineWatch(probe=state)
    with watch.watching():
        work()
    return watch.probed
