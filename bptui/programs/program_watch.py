"""Watching code in this very process, as in a notebook: around a block, or on what belongs to one network."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

from bptui.core.columns import Value
from bptui.core.program import PrintedPieces, Program
from bptui.core.tape import Tape
from bptui.errors import BptuiError
from bptui.guest.wire import Message
from bptui.programs.child.call_source import CallSites
from bptui.programs.child.forward_passes import ForwardPasses
from bptui.programs.child.layer_style import PassCall, Styles
from bptui.programs.child.object_names import reachable
from bptui.programs.child.own_files import is_own_file, own_frames
from bptui.programs.child.value_store import ValueStore
from bptui.programs.child.watcher import Limits, Watcher
from bptui.programs.event import Ended, Event, SeenArray
from bptui.programs.program_facts import ProgramFacts
from bptui.programs.program_failure import program_failure
from bptui.programs.seen_values import read_value
from bptui.programs.watched_tape import StepCall, WatchedTape

UNLIMITED = 10**9


class ProgramWatch:
    """Watches the calls of layers in this thread from ``start`` to ``stop``; with ``net``, of that and what it holds.

    ``facts`` and ``watched`` are what they are of a ``ProgramRun``, and ``ask`` calls a function as that does.
    """

    def __init__(self, net: Any, frame: FrameType | None, *, passes: int | None, memory: int) -> None:
        self.program = program_around(frame)
        self.facts = ProgramFacts()
        self.watched = WatchedTape(self.facts)
        self.memory = mmap.mmap(-1, memory)
        passing = ForwardPasses(self.tell)
        self.values = ValueStore(self.memory, passing.tell)
        styles = Styles(is_own_file) if net is None else StylesOfNet(is_own_file, net)
        sites, limits = CallSites(self.tell), Limits(passes or UNLIMITED)
        self.watcher = Watcher(self.values, sites, styles, limits=limits, forward_passes=passing, finish=self.finish)
        self.end: Ended | None = None
        self.answers: dict[int, Message] = {}
        self.asked = 0

    @property
    def tape(self) -> Tape:
        """What was seen."""
        return self.watched.tape

    @property
    def pieces(self) -> PrintedPieces:
        """Nothing: what is printed goes where it goes."""
        return ()

    @property
    def ended_early(self) -> str:
        """Why less was seen than was asked for, "" where that is not so."""
        return self.watched.memory_words

    def call_at(self, step: int) -> StepCall | None:
        """Return the call that a step is, or has failed in."""
        return self.watched.call_at(step)

    def start(self) -> None:
        """Begin to watch. Raises BptuiError where something else looks at all calls already."""
        if sys.getprofile() is not None:
            raise BptuiError("something else looks at all calls already: another watch, or a profiler")
        self.watcher.start()

    def stop(self, error: BaseException | None = None) -> None:
        """Watch no more; what was seen so far is the tape. ``error`` is what ended the code, if anything did."""
        self.watcher.stop()
        if self.end is not None:
            return
        if error is None or isinstance(error, SystemExit):
            self.finish("exit", "")
        else:
            self.close(Ended("raised", 1, f"{type(error).__name__}: {error}", own_frames(error.__traceback__)))

    def finish(self, why: str, words: str) -> None:
        """End the tape because of ``why``. The code runs on."""
        if why == "bug":
            raise RuntimeError(words)
        self.watcher.see_final_values()
        self.close(Ended(why, 0, words, ()))

    def close(self, end: Ended) -> None:
        """End the tape."""
        if self.end is None:
            self.end = end
            self.watched.add(end)
            self.tape.failure = program_failure(end, self.facts, str(self.program.path))

    def tell(self, event: Event) -> None:
        """Take an event in."""
        if isinstance(event, SeenArray):
            self.watched.add_value(read_value(self.memory, event))
        else:
            self.watched.add(event)

    def ask(self, job: str, *arrays: Value, seconds: float, **arguments: Any) -> Message:  # noqa: ARG002  (as elsewhere)
        """Return what a function of ours, named as ``module:function``, answers."""
        module, _, function = job.partition(":")
        work: Callable[..., Message] = getattr(import_module(module), function)
        return work(self.watcher.calls, list(arrays), **arguments)

    def begin(self, job: str, *arrays: Value, **arguments: Any) -> int:
        """Ask as ``ask`` does; the answer is there at once, for ``answered``."""
        self.asked += 1
        self.answers[self.asked] = self.ask(job, *arrays, seconds=0.0, **arguments)
        return self.asked

    def answered(self, ticket: int) -> Message | None:
        """Return the answer to what was begun."""
        return self.answers.pop(ticket)


class StylesOfNet(Styles):
    """Recognises the passes of what belongs to one network: the objects that it holds when they are called."""

    def __init__(self, is_own: Callable[[str], bool], net: Any) -> None:
        super().__init__(is_own)
        self.net = net
        self.known: Mapping[int, Any] = {}

    def recognise(self, frame: FrameType) -> PassCall | None:
        call = super().recognise(frame)
        if call is None or call.owner is None or call.owner is self.net:
            return call
        if id(call.owner) not in self.known:
            self.known = reachable(self.net)
        return call if id(call.owner) in self.known else None


def program_around(frame: FrameType | None) -> Program:
    """Return the program that a frame belongs to, as far as there is a file."""
    name = frame.f_code.co_filename if frame else "<stdin>"
    path = Path(name)
    try:
        return Program(path, path.read_text(encoding="utf-8", errors="replace"), (), path.name)
    except (OSError, ValueError):
        return Program(Path("notebook"), "", (), "notebook")
