"""``bptui export``: turn a run into what people read, run and watch."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bptui.commands.layer_options import add_expand, add_layers, print_notice
from bptui.commands.program_options import add_watching, watched
from bptui.commands.subcommand import Subcommand
from bptui.core.text_file import displayed_path
from bptui.ending import FINE, output
from bptui.errors import BptuiError

if TYPE_CHECKING:
    from bptui.report.export.exporting import Exported


PROGRAMS = frozenset({".py", ".ipynb"})
"""The formats that compute what they tell."""

STEP_HELP = "the step of a picture (by default the last); of a long run, that whose iteration is told or written out"


def add_export_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui export``."""
    command.add_argument(
        "scenario", metavar="X", help="a scenario, a program, a recording, or a branch in one: FILE:BRANCH"
    )
    command.add_argument(
        "-o", dest="out", metavar="FILE", type=Path, required=True, help=".md .html .svg .cast .py or .ipynb"
    )
    command.add_argument("--step", metavar="N", type=int, help=STEP_HELP)
    add_layers(command)
    add_expand(command)
    add_watching(command)


def export_run(options: argparse.Namespace) -> int:
    """Write a run to a file, in the format of its suffix."""
    from tempfile import TemporaryDirectory

    from bptui.report.export.exporting import format_of, write_export

    suffix = format_of(options.out)
    with TemporaryDirectory(prefix="bptui-") as folder:
        if suffix in PROGRAMS and is_watched(options):
            exported = exported_layers(options, Path(folder))
            text = exported.text(suffix, folder=options.out.parent)
        else:
            exported = what_is_exported(options)
            text = exported.text(suffix, options.step, folder=options.out.parent)
    write_export(options.out, text, [Path(options.scenario), *(it.path for it in exported.own_files)])
    with output() as file:
        file.write(f"{displayed_path(options.out)}\n")
    if exported.own_files and suffix in PROGRAMS:
        files = " and ".join(it.displayed_name for it in exported.own_files)
        print_notice(f"{displayed_path(options.out)} imports {files}: it runs whenever that does, and is not confined")
    for it in exported.remarks:
        print_notice(it)
    return FINE


def is_watched(options: argparse.Namespace) -> bool:
    """Return whether a program is exported."""
    from bptui.programs.read_program import is_program

    return is_program(options.scenario)


def exported_layers(options: argparse.Namespace, folder: Path) -> Exported:
    """Return a pass of a program as what its layers compute."""
    from bptui.report.export.program_pass import exported_pass

    run = watched(options)
    try:
        run.raise_interrupt()
        return exported_pass(run, options.step, folder, print_notice)
    finally:
        run.close()


def what_is_exported(options: argparse.Namespace) -> Exported:
    """Return the run that a name stands for."""
    from bptui.report.export.exporting import exported_program, exported_scenario, exported_transcript
    from bptui.session.open_tape import recorded_place

    if is_watched(options):
        run = watched(options)
        try:
            run.outlast()
            run.raise_interrupt()
            return exported_program(run)
        finally:
            run.close()
    if (recorded := recorded_place(options.scenario)) is not None:
        if options.expand:
            raise BptuiError("--expand is for scenarios", hint="a recording is told as it was recorded")
        return exported_transcript(recorded.path, recorded.branch, options.layers, print_notice)
    return exported_scenario(options.scenario, options.layers, options.expand, print_notice)


SUBCOMMAND = Subcommand(add_export_arguments, export_run)
