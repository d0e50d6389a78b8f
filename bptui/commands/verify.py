"""``bptui verify``: run a recorded scenario again and compare every step."""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import replace
from pathlib import Path

from bptui.commands.layer_options import add_layers, print_notice
from bptui.commands.subcommand import Subcommand
from bptui.ending import FAILED, FINE, output
from bptui.errors import BptuiError


def add_verify_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui verify``."""
    command.add_argument("transcript", type=Path, help="a file that `bptui run --record` has written")
    command.add_argument(
        "--rtol",
        metavar="X",
        type=read_tolerance,
        help="numbers may be X times their array's largest from the recorded ones",
    )
    command.add_argument("--json", action="store_true", help="print what was found as JSON")
    command.add_argument("--scenario", metavar="FILE", help="say, too, whether this is what was recorded, and its data")
    command.add_argument("--program", metavar="FILE", type=Path, help="the program, of a recording of one: it is run")
    add_layers(command)


def read_tolerance(text: str) -> float:
    """Return a relative tolerance: a number from 0 on."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError("wanted a number from 0 on, such as 1e-9")
    return number


def refuse_options(options: argparse.Namespace, *, is_program: bool) -> None:
    """Raise BptuiError for an option that is about the other kind of recording: it would say nothing of this one."""
    kind = "a program" if is_program else "a scenario"
    unfit = (
        {"--scenario": options.scenario, "--layers": options.layers} if is_program else {"--program": options.program}
    )
    for option, value in unfit.items():
        if value:
            raise BptuiError(f"{option} is of no use here: this is the recording of {kind}")


def verify_recording(options: argparse.Namespace) -> int:
    """Verify a transcript."""
    from bptui.core.text import visible
    from bptui.recording.transcript import read_transcript
    from bptui.recording.verification import changes_since, verify
    from bptui.report.verify_report import verification_lines, verification_record
    from bptui.scenario.load import load

    recording = read_transcript(options.transcript)
    if recording.dropped:
        print(f"{visible(str(options.transcript))}: {recording.dropped}", file=sys.stderr)
    is_program = recording.header.program is not None
    refuse_options(options, is_program=is_program)
    if is_program:
        from bptui.report.verify_program import verify_program

        found = verify_program(recording, options.program, options.rtol)
    else:
        found = verify(recording, options.layers, options.rtol, print_notice)
        if options.scenario is not None:
            scenario = load(options.scenario, layers=options.layers, notice=print_notice)
            found = replace(found, changes=changes_since(recording, scenario))
    with output() as file:
        if options.json:
            file.write(json.dumps(verification_record(found)) + "\n")
        else:
            file.writelines(f"{line}\n" for line in verification_lines(found))
    return FINE if found.ok else FAILED


SUBCOMMAND = Subcommand(add_verify_arguments, verify_recording)
