"""``bptui new``: write a commented scenario to start from, or one from a program."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from bptui.commands.program_options import add_watching, count_from, watched
from bptui.commands.subcommand import Subcommand
from bptui.ending import FAILED, FINE, output
from bptui.errors import BptuiError

if TYPE_CHECKING:
    from bptui.report.program_scenario.written import WrittenScenario


def add_new_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui new``."""
    command.add_argument("file", nargs="?", type=Path, help="a file that does not exist yet")
    command.add_argument("-o", dest="out", metavar="FILE", type=Path, help="the same, behind --from PROGRAM")
    command.add_argument(
        "--from", dest="program", metavar="PROGRAM", help="watch this program, and write what it computes as a scenario"
    )
    command.add_argument(
        "--pass", dest="pass_", metavar="N", type=count_from(1), help="which pass; the first by default"
    )
    add_watching(command)
    command.set_defaults(expand=())


def write_scenario(options: argparse.Namespace) -> int:
    """Write a scenario to start from."""
    path = options.out or options.file
    if path is None or (options.out and options.file):
        raise BptuiError("one file is wanted, which does not exist yet", hint="bptui new net.toml")
    if options.program is not None:
        return write_from_program(options, path)
    from bptui.core.text import visible
    from bptui.report.new_scenario import write_new_scenario

    write_new_scenario(path)
    with output() as file:
        file.write(visible(f"bptui run {shlex.quote(str(path))}", limit=2000) + "\n")
    return FINE


def write_from_program(options: argparse.Namespace, path: Path) -> int:
    """Write a pass of a program as a scenario, and tell whether its run has the program's numbers."""
    from bptui.programs.read_program import is_program
    from bptui.report.new_files import refuse_existing_file
    from bptui.report.program_scenario.written import write_program_scenario

    if not is_program(options.program):
        raise BptuiError(f"--from wants a program: {options.program} ends neither in .py nor in .ipynb")
    refuse_existing_file(path)
    options.scenario = options.program
    run = watched(options)
    try:
        written = write_program_scenario(run, path, options.pass_)
    finally:
        run.close()
    tell_written(written)
    return FINE if written.is_faithful else FAILED


def tell_written(written: WrittenScenario) -> None:
    """Print what was written, what it cannot say, and how to go on."""
    from bptui.core.text import visible

    layers = "".join(f" --layers {shlex.quote(str(it))}" for it in written.sources.named)
    way_on = f"bptui run {shlex.quote(str(written.path))}{layers}"
    with output() as file:
        file.writelines(f"{visible(it, limit=2_000)}\n" for it in (*written.lines(), way_on))


SUBCOMMAND = Subcommand(add_new_arguments, write_scenario)
