"""Watching a method run: a line tracer for the functions of one file, which leaves no trace of itself behind."""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from types import FrameType
from typing import Any

from bptui.core import text
from bptui.stepping.line_tape import Event, LineStep
from bptui.stepping.snapshot import LineSnapshots, Snapshot, content_digest

MOST_STEPS = 10_000
"""Lines that are kept of one run; a loop may go on for long."""

MOST_NAMES = 100
"""Local names, and attributes, that are looked at on one line."""

HIDDEN = frozenset({"__class__"})

LEAVING = ("RETURN_", "YIELD_")
"""How the instructions begin with which a function is left, other than by an exception."""

ENDS_OF_ITERATION = (StopIteration, GeneratorExit)
"""How Python says that there are no more elements: nothing went wrong."""


class Tracer:
    """Keeps the lines that run while ``tracing``: in a method of ``layer``, which is in ``file``, and in what it calls.

    ``is_followed`` tells in which other files it is followed.
    """

    def __init__(
        self,
        layer: object,
        file: str,
        *,
        most_steps: int = MOST_STEPS,
        is_followed: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.layer = layer
        self.file = file
        self.is_followed = is_followed
        self.modules: dict[str, dict[str, Any]] = {}
        self.most_steps = most_steps
        self.steps: list[LineStep] = []
        self.is_cut_short = False
        self.snapshots = LineSnapshots()
        self.open: list[Mapping[str, Snapshot] | None] = []

    @contextmanager
    def tracing(self) -> Iterator[None]:
        """Watch what runs in this thread, and hand over to the tracer that was there before, whatever happens."""
        before = sys.gettrace()
        sys.settrace(self.on_call)
        try:
            yield
        finally:
            sys.settrace(before)

    def on_call(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:  # noqa: ARG002
        """Decide whether a function that begins is watched."""
        file = frame.f_code.co_filename
        if self.is_cut_short or event != "call" or not (file == self.file or self.is_followed(file)):
            return None
        self.modules.setdefault(file, frame.f_globals)
        self.open.append(None)
        return self.on_event

    def on_event(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        """Keep what happens in a function that is watched."""
        match event:
            case "line" if len(self.steps) < self.most_steps:
                self.keep(frame, Event.LINE)
            case "line":
                self.is_cut_short = True
                frame.f_trace_lines = False
            case "exception" if not issubclass(argument[0], ENDS_OF_ITERATION):
                self.keep(frame, Event.EXCEPTION, exception_snapshot(argument[1]))
            case "return":
                self.on_return(frame, argument)
        return self.on_event

    def on_return(self, frame: FrameType, value: object) -> None:
        """Keep what a function returns, unless it is an exception that leaves it, and which was kept before."""
        is_outermost = len(self.open) == 1
        if is_leaving(frame) and (is_outermost or len(self.steps) < self.most_steps):
            self.snapshots.advance()
            self.keep(frame, Event.RETURN, self.snapshots.take(value))
        self.open.pop()

    def keep(self, frame: FrameType, event: Event, value: Snapshot | None = None) -> None:
        """Keep a step."""
        if event is Event.LINE:
            self.snapshots.advance()
        names = self.names_at(frame)
        before, self.open[-1] = self.open[-1], names
        changed = frozenset() if before is None else changed_names(before, names)
        file = "" if frame.f_code.co_filename == self.file else frame.f_code.co_filename
        self.steps.append(LineStep(frame.f_lineno, len(self.open) - 1, names, changed, event, value, file))

    def names_at(self, frame: FrameType) -> dict[str, Snapshot]:
        """Return what the function's local names stand for now, and the attributes of ``self``."""
        names = dict(islice(frame.f_locals.items(), MOST_NAMES))
        owner = next((name for name, it in names.items() if it is self.layer or name == "self"), None)
        attributes = instance_attributes(names.pop(owner)) if owner is not None else {}
        take = self.snapshots.take
        shown = {name: take(it) for name, it in names.items() if name not in HIDDEN and not name.startswith(".")}
        return shown | {f"{owner}.{name}": take(it) for name, it in islice(attributes.items(), MOST_NAMES)}


def changed_names(before: Mapping[str, Snapshot], now: Mapping[str, Snapshot]) -> frozenset[str]:
    """Return the names that are new or gone, or stand for another value."""
    different = {name for name, it in now.items() if not it.is_same(before.get(name))}
    return frozenset(different | (before.keys() - now.keys()))


def instance_attributes(owner: object) -> Mapping[str, object]:
    """Return an object's attributes, without calling any of its own code; empty where it keeps none by name."""
    try:
        return vars(owner)
    except TypeError:
        return {}


def is_leaving(frame: FrameType) -> bool:
    """Return whether a function is left by returning or yielding; an exception leaves from any instruction."""
    return dis.opname[frame.f_code.co_code[frame.f_lasti]].startswith(LEAVING)


def exception_snapshot(error: BaseException) -> Snapshot:
    """Return an exception in words: its type and what it says."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001  (a guest's exception may fail even at this)
        message = ""
    written = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return Snapshot(text.visible(written), content_digest("exception", written.encode("utf-8", "surrogatepass")))
