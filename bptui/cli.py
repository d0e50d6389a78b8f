"""The command line: which commands there are, and what each of them needs.

A command imports what it needs when it runs, so that ``trace`` never waits for a screen.
"""

# ruff: noqa: PLC0415, T201
# Commands import for themselves, as said above; and some have a word to print.

from __future__ import annotations

import argparse
import gc
import os
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from bptui import installation
from bptui.ending import (
    BAD_USE,
    ENDING,
    FAILED,
    FINE,
    SIGNALLED,
    check_output,
    drop_output,
    leave,
    output,
    report_bug,
    show,
    silence_warnings,
    with_signals,
)
from bptui.errors import BptuiError, Where, out_of_memory
from bptui.version import __version__

if TYPE_CHECKING:
    from bptui.programs.program_run import ProgramRun

FIRST_STEP = "start with `bptui run buy_apple`; `bptui list` tells what else there is"


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
    if "OPENBLAS_NUM_THREADS" not in os.environ:
        os.environ |= {"OPENBLAS_NUM_THREADS": "1", "BPTUI_ONE_THREAD": "yes"}  # a watched program gets neither
    silence_warnings()
    try:
        return attempt(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return SIGNALLED + signal.SIGINT
    except BrokenPipeError:
        drop_output(sys.stdout)
        return SIGNALLED + signal.SIGPIPE
    except Exception as error:  # noqa: BLE001  (a bug of ours; this is the one place that tells of it)
        return report_bug(error)


def attempt(arguments: Sequence[str]) -> int:
    """Run the command that ``arguments`` name, and show what it has to complain about."""
    try:
        check_output()
        installation.require_libraries("numpy")
        return run_command(arguments)
    except installation.InstallationError as error:
        print(error, file=sys.stderr)
        return BAD_USE
    except BptuiError as error:
        return show(error)
    except MemoryError as error:
        return show(out_of_memory(error))


def run_command(arguments: Sequence[str]) -> int:
    """Run the command that ``arguments`` name."""
    if not arguments:
        raise UsageError("a command is missing", parser().format_usage(), hint=FIRST_STEP)
    check_command(arguments[0])
    own, given = split_arguments(arguments)
    options = parser().parse_args(own)
    options.arguments = given
    return COMMANDS[options.command](options)


def split_arguments(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return bptui's own arguments, and those of the program that they name: what stands behind its name.

    A program that looks at no arguments has none, so that those of bptui may stand there.
    """
    from bptui.programs.read_program import is_program, looks_at_arguments

    if arguments[0] not in WATCHING:
        return arguments, ()
    for place, argument in enumerate(arguments[1:], start=1):
        if is_program(argument) and arguments[place - 1] not in VALUED and not argument.startswith("-"):
            if not looks_at_arguments(argument):
                return arguments, ()
            return arguments[: place + 1], arguments[place + 1 :]
    return arguments, ()


def check_command(name: str) -> None:
    """Refuse an unknown command, with the nearest one as the hint."""
    if name.startswith("-") or name in COMMANDS:
        return
    from bptui.scenario.problems import nearest

    hint = nearest(name, COMMANDS) or (f"bptui run {name}" if os.path.isfile(name) else FIRST_STEP)  # noqa: PTH113  (pathlib raises at long names)
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
    add_layers(run)
    add_watching(run)
    add_theme(run)

    execute = commands.add_parser("exec", help="carry out commands without a screen, and print what each answers")
    execute.add_argument("scenario", metavar="SCENARIO|TRANSCRIPT", help="a file, or the name of a bundled scenario")
    execute.add_argument(
        "-e",
        dest="sources",
        metavar="COMMAND",
        action="append",
        type=lambda text: ("-e", text),
        default=[],
        help="a command, as on the debugger's `:` line; may be given several times",
    )
    execute.add_argument(
        "-f",
        dest="sources",
        metavar="FILE",
        action="append",
        type=lambda path: ("-f", path),
        help="a file with commands",
    )
    execute.add_argument("--json", action="store_true", help="print answers as JSON, one a line, for other programs")
    add_layers(execute)

    trace = commands.add_parser("trace", help="run a scenario without a screen and tell every step")
    trace.add_argument("scenario", help="a file, or the name of a bundled scenario")
    trace.add_argument("--json", action="store_true", help="print records, one a line, for other programs")
    add_layers(trace)
    add_watching(trace)

    check = commands.add_parser("check", help="check every node's gradients and contract, and what is expected")
    check.add_argument("scenarios", nargs="+", metavar="SCENARIO", help="files, or names of bundled scenarios")
    check.add_argument("--json", action="store_true", help="print findings, one a line, for other programs")
    check.add_argument("--verbose", action="store_true", help="print the slopes of every step with each failure")
    add_layers(check)

    replay = commands.add_parser("replay", help="open a recorded session")
    replay.add_argument("transcript", type=Path, help="a file that `bptui run --record` has written")
    add_theme(replay)

    listing = commands.add_parser("list", help="tell the bundled scenarios and the layers, or what a file gives")
    add_layers(listing)

    schema = commands.add_parser("schema", help="print the JSON Schema of what bptui writes")
    schema.add_argument(
        "of",
        nargs="?",
        default="record",
        choices=["record"],
        help="record: a line of `bptui trace --json` and of recordings",
    )

    new = commands.add_parser("new", help="write a commented scenario to start from")
    new.add_argument("file", type=Path, help="a file that does not exist yet")

    trust = commands.add_parser("trust", help="let scenarios that name a file with layers run it, until it changes")
    trust.add_argument("file", type=Path, help="a Python file that you have read")
    return whole


def add_theme(command: argparse.ArgumentParser) -> None:
    """Let a command that opens the screen be given its colours."""
    command.add_argument(
        "--theme",
        choices=["light", "dark", "auto"],
        help="colours for a light or a dark background, or (auto) for the one that the terminal tells of; remembered",
    )


def add_layers(command: argparse.ArgumentParser) -> None:
    """Let a command be given files with layers of the user's own."""
    command.add_argument(
        "--layers",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a Python file with layers of your own, which this allows to run; may be given several times",
    )


def add_watching(command: argparse.ArgumentParser) -> None:
    """Let a command be told how much of a program is to be watched."""
    command.add_argument(
        "--passes",
        metavar="N",
        type=count_from(1),
        default=10,
        help="end a program after N forward and backward passes",
    )
    command.add_argument("--skip", metavar="N", type=count_from(0), default=0, help="watch none of its first N passes")
    command.add_argument(
        "--memory", metavar="MB", type=count_from(1), default=1024, help="watch until so many megabytes are copied"
    )
    command.add_argument("--then-run-on", action="store_true", help="let it run on unwatched when enough was seen")


def count_from(least: int) -> Callable[[str], int]:
    """Return what reads a number that is not less than ``least``."""

    def whole_number(text: str) -> int:
        number = int(text)
        if number < least:
            raise ValueError
        return number

    return whole_number


def run_scenario(options: argparse.Namespace) -> int:
    """Open the debugger."""
    check_terminal()
    gc.disable()  # imports leave no garbage, and looking for it is a tenth of the start; the screen collects later
    from bptui.programs.read_program import is_program
    from bptui.scenario.load import load
    from bptui.tui import app

    if is_program(options.scenario):
        run = watched(options)
        try:
            return app.open_program(run, options.theme)
        finally:
            run.close()
    scenario = load(options.scenario, layers=options.layers, notice=print_notice)
    return app.open_debugger(scenario, options.record, options.theme)


def execute_commands(options: argparse.Namespace) -> int:
    """Carry out commands without a screen."""
    with_signals(leave, *ENDING)
    from bptui.errors import CommandError
    from bptui.report.command_loop import pointed
    from bptui.report.execute import execute

    try:
        with output() as file:
            is_fine = execute(options.scenario, options.layers, options.sources, file, as_json=options.json)
    except CommandError as error:
        print(pointed(error), file=sys.stderr)
        return BAD_USE
    return FINE if is_fine else FAILED


def trace(options: argparse.Namespace) -> int:
    """Tell what a run does, step by step."""
    from bptui.programs.read_program import is_program
    from bptui.running import Run
    from bptui.scenario.load import load

    if is_program(options.scenario):
        return trace_program(options)
    run = Run(load(options.scenario, layers=options.layers, notice=print_notice))
    if options.json:
        from bptui.recording.codec import encode_line
        from bptui.recording.run_records import records

        with output() as file:
            file.writelines(map(encode_line, records(run)))
    else:
        from bptui.report.printing import print_lines
        from bptui.report.trace_report import trace_lines

        run.finish()
        with output() as file:
            print_lines(trace_lines(run), file)
    run.close()
    if run.failure:
        raise run.failure
    return FINE


def trace_program(options: argparse.Namespace) -> int:
    """Tell what a program does, step by step."""
    run = watched(options)
    try:
        with output() as file:
            if options.json:
                from bptui.recording.codec import encode_line
                from bptui.recording.program_records import program_records

                file.writelines(map(encode_line, program_records(run)))
            else:
                from bptui.report.printing import print_lines
                from bptui.report.program_report import program_lines

                print_lines(program_lines(run), file)
    finally:
        run.close()
    if run.failure:
        raise run.failure
    return FINE


def watched(options: argparse.Namespace) -> ProgramRun:
    """Return a program that was watched to its end. Raises BptuiError where no layer was called in it."""
    from bptui.programs.program_run import ProgramRun, WatchLimits
    from bptui.programs.read_program import read_program

    program = read_program(options.scenario, options.arguments)
    run = ProgramRun(
        program, WatchLimits(options.passes, options.skip, options.memory << 20, runs_on=options.then_run_on)
    )
    run.finish()
    if not run.tape.iterations:
        run.close()
        sys.stderr.write(run.printed.text)
        raise run.failure or BptuiError(
            "no layer was called",
            hint="a layer has two methods forward and backward, or is a pair of functions f_forward and f_backward",
            where=Where(options.scenario),
        )
    return run


def judge_scenarios(options: argparse.Namespace) -> int:
    """Judge every gradient of some scenarios."""
    from bptui.report.check_printing import check_scenarios

    with output() as file:
        reports, errors = check_scenarios(
            options.scenarios, options.layers, file, as_json=options.json, is_verbose=options.verbose
        )
    for error in errors:
        show(error)
    if errors:
        return BAD_USE
    return FINE if all(report.ok for report in reports) else FAILED


def replay_recording(options: argparse.Namespace) -> int:
    """Open a recorded session."""
    check_terminal()
    from bptui.core.text import visible
    from bptui.recording.transcript import read_transcript
    from bptui.tui import app

    recording = read_transcript(options.transcript)
    if recording.dropped:
        print(f"{visible(str(options.transcript))}: {recording.dropped}", file=sys.stderr)
    return app.open_replay(recording, options.theme)


def list_all(options: argparse.Namespace) -> int:
    """Tell what there is, or what files of the user's own give."""
    from bptui.report.listing import listing, own_listing
    from bptui.report.printing import print_lines

    with output() as file:
        for path in options.layers:
            print_lines(own_listing(path, print_notice), file)
        if not options.layers:
            print_lines(listing(), file)
    return FINE


def schema(options: argparse.Namespace) -> int:  # noqa: ARG001  (there is one so far)
    """Print the JSON Schema of records."""
    import json

    from bptui.recording.record_schema import record_schema

    with output() as file:
        file.write(f"{json.dumps(record_schema(), indent=2)}\n")
    return FINE


def new(options: argparse.Namespace) -> int:
    """Write a scenario to start from."""
    from bptui.core.text import visible
    from bptui.report.new_scenario import write_new_scenario

    write_new_scenario(options.file)
    print(visible(f"bptui run {shlex.quote(str(options.file))}", limit=2000))
    return FINE


def trust_layers(options: argparse.Namespace) -> int:
    """Allow a file with layers to run until it changes."""
    from bptui.own_layers.trust import trust, words_of_trust

    print(words_of_trust(trust(options.file)))
    return FINE


WATCHING = ("run", "trace", "check")
"""The commands that take a program."""

VALUED = ("--layers", "--record", "--theme", "--passes", "--skip", "--memory")
"""The options that a value follows."""

COMMANDS = {
    "run": run_scenario,
    "exec": execute_commands,
    "trace": trace,
    "check": judge_scenarios,
    "replay": replay_recording,
    "list": list_all,
    "schema": schema,
    "new": new,
    "trust": trust_layers,
}
"""The commands by name."""


def print_notice(words: str) -> None:
    """Tell that one of the user's files takes its time."""
    print(words, file=sys.stderr, flush=True)


def check_terminal() -> None:
    """Refuse to draw a screen where there is none, and libraries that cannot draw one."""
    installation.require_libraries("textual", "rich")
    hint = "`bptui exec` and `bptui trace` do without a screen"
    for stream, name in ((sys.stdin, "input"), (sys.stdout, "output"), (sys.stderr, "error output")):
        if stream is None or not stream.isatty():
            raise BptuiError(f"standard {name} is not a terminal", hint=hint)
    if sys.platform != "win32" and (term := os.environ.get("TERM", "")) in ("", "dumb"):
        raise BptuiError(f"the terminal is {term}" if term else "TERM is not set: the terminal is unknown", hint=hint)
