"""``bptui.watch``: the tape of code that runs here, in a notebook or at a prompt, and what can be done with it.

``with bptui.watch() as tape:`` watches what runs in the block. ``tape = bptui.watch(net)`` begins at once, watches what
belongs to the network, and ends when the tape is looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, overload

from bptui.core.step import Step
from bptui.core.tape import Tape
from bptui.programs.program_watch import ProgramWatch
from bptui.report.shown_tape import ShownTape, is_terminal, left_as_it_was

if TYPE_CHECKING:
    from bptui.checking.finding import Report
    from layers import Array

MEMORY = 1 << 30
"""Bytes that the copies of all arrays may take."""


def watch(net: Any = None, *, passes: int | None = None, memory: int = MEMORY) -> WatchedCode:
    """Return the tape of the code that runs from here on: of a ``with`` block or, of a ``net``, from now on.

    ``passes`` is after how many forward and backward passes watching ends, None for never. The code runs on.
    Raises BptuiError where another watch, or a profiler, is under way.
    """
    watched = WatchedCode(ProgramWatch(net, sys._getframe(1), passes=passes, memory=memory))  # noqa: SLF001
    if net is not None:
        watched.watch.start()
    return watched


class WatchedCode(ShownTape, Sequence[Step]):
    """The tape of code that was watched: its steps, ``values`` and ``gradients``, as of any tape.

    ``check`` judges it, ``show`` opens the debugger, ``save`` writes a transcript. To look at it ends watching.
    """

    def __init__(self, watch: ProgramWatch) -> None:
        self.watch = watch

    def __enter__(self) -> Self:
        if self.watch.end is None and sys.getprofile() is None:
            self.watch.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.watch.stop(error)

    @property
    def tape(self) -> Tape:
        """All that was seen."""
        self.watch.stop()
        return self.watch.tape

    @property
    def steps(self) -> Sequence[Step]:
        """The steps, in order."""
        return self.tape.steps

    @property
    def values(self) -> Mapping[str, Array | None]:
        """Every value after the last step, by name; None where it has not been reached."""
        return self.tape.values

    @property
    def gradients(self) -> Mapping[str, Array | None]:
        """Every value's gradient after the last step, by name; None where none reaches it."""
        return self.tape.gradients

    def __len__(self) -> int:
        return len(self.tape)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | Sequence[Step]:
        return self.tape[index]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.tape)

    @property
    def shown_tape(self) -> Tape:
        return self.tape

    def check(self) -> Report:
        """Return the report on every node and on the wiring between them: it prints as ``bptui check`` prints it.

        From then on the tape, too, is shown with the verdicts.
        """
        from bptui.program_checking.check_program import check_program  # noqa: PLC0415  (few are checked)
        from bptui.report.shown_report import ShownReport  # noqa: PLC0415

        self.watch.stop()
        self.report = ShownReport.of(check_program(self.watch))
        return self.report

    def show(self) -> None:
        """Open the debugger in a terminal; elsewhere, as in a notebook, show the table and the circuit."""
        self.watch.stop()
        if not is_terminal():
            self.show_here()
            return
        from bptui.tui.app import open_program  # noqa: PLC0415  (few show it, and none without a terminal)

        with left_as_it_was():
            open_program(self.watch)

    def save(self, path: str | Path) -> None:
        """Write a transcript to a new file. Raises TranscriptError where it exists, or cannot be written."""
        from bptui.recording.recorder import Recorder  # noqa: PLC0415  (few save it)

        tape = self.tape
        with Recorder(Path(path), self.watch, monotonic) as recorder:
            recorder.moved(None, tape.at(len(tape)))
