"""How bptui ends: the exit statuses, and what is printed where something went wrong."""

# ruff: noqa: T201
# This is the one place that prints complaints.

from __future__ import annotations

import io
import os
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn, TextIO

from bptui.errors import BptuiError, ScenarioError, reason_of
from bptui.version import __version__

FINE, FAILED, BAD_USE, BUG = 0, 1, 2, 70

SIGNALLED = 128
"""Added to the number of the signal that ended it."""


def check_output() -> None:
    """Raise BptuiError for a closed output, and let one that knows few characters escape the others."""
    if sys.stdout is None or sys.stderr is None:
        raise BptuiError("standard output or error output is closed")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def silence_warnings() -> None:
    """Keep Python's and NumPy's warnings off the terminal, unless the person has asked for them.

    What a layer makes NumPy warn of is shown at its node; of our own arithmetic nobody is to be warned.
    """
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


@contextmanager
def output() -> Iterator[TextIO]:
    """Yield standard output to print on. Raises BptuiError where its disk is full, which is not a bug of ours."""
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_output(sys.stdout)
        raise BptuiError(f"standard output: {reason_of(error)}") from None


def drop_output(*streams: TextIO) -> None:
    """Send to nowhere what is still to be printed: nobody can read it, and Python would complain or wait at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(nowhere, stream.fileno())


ENDING = ("SIGTERM", "SIGHUP")
"""Signals that end a session from outside; a system may lack one."""


def with_signals(handle: Callable[[int, FrameType | None], None], *names: str) -> None:
    """Let the signals of those names call ``handle``."""
    for name in names:
        if number := getattr(signal, name, None):
            signal.signal(number, handle)


def leave(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001  (the system's protocol)
    """Raise SystemExit because of a signal, which unwinds the program."""
    raise SystemExit(SIGNALLED + number)


def show(error: BptuiError) -> int:
    """Print what is wrong, every problem of it, and return the exit status for it."""
    from bptui.core.text import visible  # noqa: PLC0415
    from bptui.recording.json_line import DamagedTranscriptError  # noqa: PLC0415  (NumPy may be what is missing)

    problems = error.problems if isinstance(error, ScenarioError) else (error,)
    for problem in problems:
        for line in str(problem).splitlines():
            complain(shortened_line(visible(line, limit=MOST_ESCAPED)))
    return FAILED if isinstance(error, DamagedTranscriptError) else BAD_USE


def complain(told: str) -> None:
    """Print on error output. Where its disk is full, or nobody reads it, the exit status alone says what is wrong."""
    try:
        print(told, file=sys.stderr, flush=True)
    except OSError:
        drop_output(sys.stderr)


LONGEST = 900
"""Characters that are kept of each end of a line: a path may be as long as it likes, and what is wrong comes after."""

MOST_ESCAPED = 100_000
"""Characters of a line that are looked at."""


def shortened_line(line: str) -> str:
    """Return a line without its middle where it is longer than anybody reads."""
    return line if len(line) <= 2 * LONGEST else f"{line[:LONGEST]}…{line[-LONGEST + 1 :]}"


def report_bug(error: Exception) -> int:
    """Write down what happened for a report, and say in one line where it lies."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="bptui-bug-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(f"bptui {__version__}, Python {sys.version}\n\n{''.join(traceback.format_exception(error))}")
    with suppress(OSError):  # the terminal may be gone
        print(f"bptui has a bug ({type(error).__name__}); please send us {file.name}", file=sys.stderr, flush=True)
    return BUG
