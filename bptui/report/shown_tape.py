"""A tape as it looks at a prompt and in a notebook, where a person only writes its name."""

from __future__ import annotations

import gc
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bptui.core.tape import Tape

if TYPE_CHECKING:
    from bptui.checking.finding import Report

# What draws is imported by what is looked at: a program that is only watched, or run, starts without it.
# ruff: noqa: PLC0415


CAUGHT = ("SIGINT", "SIGTERM", "SIGHUP")
"""Signals that a screen hears of while it is open."""


class ShownTape(ABC):
    """What shows itself as the table of its ``shown_tape``, with the verdicts of its ``report`` once there is one."""

    report: Report | None = None

    @property
    @abstractmethod
    def shown_tape(self) -> Tape:
        """The steps to show."""

    def __repr__(self) -> str:
        from bptui.lines.line import text_of_lines
        from bptui.report.tape_table import tape_table

        return text_of_lines(tape_table(self.shown_tape, self.report).lines())

    def _repr_html_(self) -> str:
        from bptui.report.notebook_html import table_html
        from bptui.report.tape_table import tape_table

        return table_html(tape_table(self.shown_tape, self.report))

    def show_here(self) -> None:
        """Show the table and the circuit: in a notebook as its output, elsewhere printed."""
        from bptui.lines.line import text_of_lines
        from bptui.report.notebook_html import lines_html
        from bptui.report.tape_table import circuit_lines

        circuit = tuple(circuit_lines(self.shown_tape))
        text = f"{self!r}\n\n{text_of_lines(circuit)}".rstrip()
        html = self._repr_html_() + (lines_html(circuit) if circuit else "")
        if not is_displayed({"text/plain": text, "text/html": html}):
            sys.stdout.write(f"{text}\n")


def is_terminal() -> bool:
    """Return whether a person sits here at a terminal, on which a screen can be opened."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


@contextmanager
def left_as_it_was() -> Iterator[None]:
    """Let a screen be opened, and leave Python as it was: who hears of signals, and that garbage is collected."""
    handlers = {name: signal.getsignal(name) for it in CAUGHT if (name := getattr(signal, it, None)) is not None}
    was_collecting = gc.isenabled()
    try:
        yield
    finally:
        for name, handler in handlers.items():
            if handler is not None:  # one that Python has not set cannot be set again
                signal.signal(name, handler)
        if was_collecting:
            gc.enable()


def is_displayed(forms: dict[str, str]) -> bool:
    """Return whether a notebook, if this runs in one, has shown what there is in these forms."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return False
    shell.display_pub.publish(forms)
    return True
