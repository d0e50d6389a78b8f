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


class WatchedReport:
    """What a check of watched code has found; ``report.findings`` has all of it."""

    def __init__(self, report: Report) -> None:
        self.report = report

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return self.report.ok

    def __repr__(self) -> str:
        from bptui.lines.line import plain  # noqa: PLC0415
        from bptui.report.check_report import report_lines, tally_line  # noqa: PLC0415

        lines = (*report_lines(self.report.title, self.report), tally_line([self.report]))
        return "\n".join(plain(line).rstrip() for line in lines)


class WatchedCode(Sequence[Step]):
    """The tape of code that was watched: its steps, ``values`` and ``gradients``, as of any tape.

    ``check`` judges it, ``show`` opens the debugger, ``save`` writes a transcript. To look at it ends watching.
    """

    def __init__(self, watch: ProgramWatch) -> None:
        self.watch = watch
        self.report: Report | None = None

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

    def __repr__(self) -> str:
        from bptui.lines.line import plain  # noqa: PLC0415  (only what is looked at is drawn)
        from bptui.report.watched_table import watched_table  # noqa: PLC0415

        return "\n".join(plain(line).rstrip() for line in watched_table(self.tape, self.report))

    def check(self) -> WatchedReport:
        """Return the report on every node and on the wiring between them: it prints as ``bptui check`` prints it.

        From then on the tape, too, prints with the verdicts.
        """
        from bptui.program_checking.check_program import check_program  # noqa: PLC0415  (few are checked)

        self.watch.stop()
        self.report = check_program(self.watch)
        return WatchedReport(self.report)

    def show(self) -> None:
        """Open the debugger in a terminal; elsewhere, as in a notebook, print the table and the circuit."""
        tape = self.tape
        if all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
            from bptui.tui.app import open_program  # noqa: PLC0415  (few show it, and none without a terminal)

            open_program(self.watch)
            return
        from bptui.lines.line import plain  # noqa: PLC0415
        from bptui.report.watched_table import circuit_lines, watched_table  # noqa: PLC0415

        for line in (*watched_table(tape, self.report), (), *circuit_lines(tape)):
            sys.stdout.write(f"{plain(line).rstrip()}\n")

    def save(self, path: str | Path) -> None:
        """Write a transcript to a new file. Raises TranscriptError where it exists, or cannot be written."""
        from bptui.recording.recorder import Recorder  # noqa: PLC0415  (few save it)

        tape = self.tape
        with Recorder(Path(path), self.watch, monotonic) as recorder:
            recorder.moved(None, tape.at(len(tape)))
