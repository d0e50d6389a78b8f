"""The command line: what each command needs, and how every kind of trouble leaves the program.

A command imports what it needs when it runs, so that ``trace`` never waits for a screen.
"""

# ruff: noqa: PLC0415, T201
# Commands import for themselves, as said above; and what they have to say is printed here.

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from bptui import __version__, installation
from bptui.errors import BptuiError, ScenarioError

FIRST_STEP = "start with `bptui run buy_apple`; `bptui list` tells what else there is"

FINE, FAILED, BAD_USE, BUG = 0, 1, 2, 70
SIGNALLED = 128


class UsageError(BptuiError):
    """The command line is none that bptui understands; ``usage`` is what it could have been."""

    def __init__(self, message: str, usage: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.usage = usage

    def __str__(self) -> str:
        return f"{self.usage.strip()}\n{super().__str__()}"


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are raised, for one place to show them."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, self.format_usage())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run bptui with command-line ``arguments`` (those of the process, by default) and return its exit status."""
    # Starting threads for matrices costs NumPy 50 ms and more, and a teaching network's matrices are small.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        return attempt(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return SIGNALLED + signal.SIGINT
    except BrokenPipeError:
        drop_output()
        return SIGNALLED + signal.SIGPIPE
    except OSError as error:
        drop_output()
        return show(BptuiError(error.strerror or str(error)))
    except Exception as error:  # noqa: BLE001  (a bug of ours; this is the one place that tells of it)
        return report_bug(error)


def attempt(arguments: Sequence[str]) -> int:
    """Run the command that ``arguments`` name, and show what it has to complain about."""
    try:
        check_output()
        installation.check("numpy")
        status = run_command(arguments)
        sys.stdout.flush()
    except installation.InstallationError as error:
        print(error, file=sys.stderr)
        return BAD_USE
    except BptuiError as error:
        return show(error)
    return status


def check_output() -> None:
    """Refuse a closed output, and let one that knows few characters escape the others."""
    if sys.stdout is None or sys.stderr is None:
        raise BptuiError("standard output or error output is closed")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def run_command(arguments: Sequence[str]) -> int:
    """Run the command that ``arguments`` name."""
    if not arguments:
        raise UsageError("a command is missing", parser().format_usage(), hint=FIRST_STEP)
    check_command(arguments[0])
    options = parser().parse_args(arguments)
    return COMMANDS[options.command](options)


def check_command(name: str) -> None:
    """Refuse an unknown command, with the nearest one as the hint."""
    if name.startswith("-") or name in COMMANDS:
        return
    from bptui.core.problems import nearest

    hint = nearest(name, COMMANDS) or (f"bptui run {name}" if Path(name).is_file() else FIRST_STEP)
    raise UsageError(f"there is no command {name}", parser().format_usage(), hint=hint)


def parser() -> Parser:
    """Return the parser of the whole command line."""
    whole = Parser(
        prog="bptui", description="The debugger for backpropagation: step through both passes, node by node."
    )
    whole.add_argument("--version", action="version", version=f"bptui {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    run = commands.add_parser("run", help="open the debugger on a scenario")
    run.add_argument("scenario", help="a file, or the name of a bundled scenario")
    run.add_argument("--record", metavar="FILE", type=Path, help="write every step to a new file while it happens")

    trace = commands.add_parser("trace", help="run a scenario without a screen and tell every step")
    trace.add_argument("scenario", help="a file, or the name of a bundled scenario")
    trace.add_argument("--json", action="store_true", help="print records, one a line, for other programs")

    replay = commands.add_parser("replay", help="open a recorded session")
    replay.add_argument("transcript", type=Path, help="a file that `bptui run --record` has written")

    commands.add_parser("list", help="tell the bundled scenarios and the layers")

    new = commands.add_parser("new", help="write a commented scenario to start from")
    new.add_argument("file", type=Path, help="a file that does not exist yet")
    return whole


def run_scenario(options: argparse.Namespace) -> int:
    """Open the debugger."""
    check_terminal()
    from bptui.core.load import load
    from bptui.tui import app

    scenario = load(options.scenario)
    with_signals()
    return app.run(scenario, options.record)


def trace(options: argparse.Namespace) -> int:
    """Tell what a run does, step by step."""
    from bptui.core.engine import Run
    from bptui.core.load import load

    run = Run(load(options.scenario))
    if options.json:
        from bptui.core.record import line, records

        sys.stdout.writelines(map(line, records(run)))
        return FINE
    from bptui.report.account import account
    from bptui.report.printing import print_lines

    run.finish()
    print_lines(account(run), sys.stdout)
    return FINE


def replay(options: argparse.Namespace) -> int:
    """Open a recorded session."""
    check_terminal()
    from bptui.core.text import visible
    from bptui.core.transcript import read_transcript
    from bptui.tui import app

    tape = read_transcript(options.transcript)
    if tape.dropped:
        print(f"{visible(str(options.transcript))}: {tape.dropped}", file=sys.stderr)
    with_signals()
    return app.replay(tape)


def list_all(options: argparse.Namespace) -> int:  # noqa: ARG001
    """Tell what there is."""
    from bptui.report.listing import listing
    from bptui.report.printing import print_lines

    print_lines(listing(), sys.stdout)
    return FINE


def new(options: argparse.Namespace) -> int:
    """Write a scenario to start from."""
    from bptui.report.blank import write_blank

    write_blank(options.file)
    print(f"bptui run {options.file}")
    return FINE


COMMANDS = {"run": run_scenario, "trace": trace, "replay": replay, "list": list_all, "new": new}
"""The commands by name."""


def check_terminal() -> None:
    """Refuse to draw a screen where there is none, and libraries that cannot draw one."""
    installation.check("textual", "rich")
    hint = "`bptui trace` does without a screen"
    for stream, name in ((sys.stdin, "input"), (sys.stdout, "output"), (sys.stderr, "error output")):
        if stream is None or not stream.isatty():
            raise BptuiError(f"standard {name} is no terminal", hint=hint)
    if sys.platform != "win32" and (term := os.environ.get("TERM", "")) in ("", "dumb"):
        raise BptuiError(f"the terminal is {term}" if term else "TERM is not set: the terminal is unknown", hint=hint)


def with_signals() -> None:
    """Let the signals that end a session unwind it, so that the terminal is put back as it was."""
    for name in ("SIGTERM", "SIGHUP"):
        if number := getattr(signal, name, None):
            signal.signal(number, leave)


def leave(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    """End the program because of a signal."""
    raise SystemExit(SIGNALLED + number)


def show(error: BptuiError) -> int:
    """Print what is wrong, every problem of it, and return the exit status for it."""
    from bptui.core.json_line import DamagedTranscriptError
    from bptui.core.text import visible

    problems = error.problems if isinstance(error, ScenarioError) else (error,)
    for problem in problems:
        for line in str(problem).splitlines():
            print(visible(line, limit=2000), file=sys.stderr)
    return FAILED if isinstance(error, DamagedTranscriptError) else BAD_USE


def drop_output() -> None:
    """Send to nowhere what is still to be printed: nobody can read it, and Python would complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def report_bug(error: Exception) -> int:
    """Write down what happened for a report, and say in one line where it lies."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="bptui-bug-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(f"bptui {__version__}, Python {sys.version}\n\n{''.join(traceback.format_exception(error))}")
    print(f"bptui has a bug ({type(error).__name__}); please send us {file.name}", file=sys.stderr)
    return BUG
