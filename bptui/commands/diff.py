"""``bptui diff``: compare two runs, step by step."""

from __future__ import annotations

import argparse
import json

from bptui.commands.layer_options import add_layers
from bptui.commands.subcommand import Subcommand
from bptui.ending import FAILED, FINE, output


def add_diff_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui diff``."""
    for place in ("a", "b"):
        command.add_argument(
            place, metavar=place.upper(), help="a scenario, a recording, or a branch in one: FILE:BRANCH"
        )
    command.add_argument("--json", action="store_true", help="print differences, one a line, for other programs")
    command.add_argument(
        "--rtol", metavar="X", type=float, help="what is no further apart than X times its array's largest is the same"
    )
    add_layers(command)


def compare_runs(options: argparse.Namespace) -> int:
    """Compare two runs; files with layers of the user's own are for the second."""
    from bptui.core.tape_diff import TapeDiff
    from bptui.lines.line import Span
    from bptui.report.printing import print_lines
    from bptui.session.differences import difference_lines, difference_record, difference_summary
    from bptui.session.open_tape import tape_at

    diff = TapeDiff(tape_at(options.a), tape_at(options.b, options.layers), options.rtol)
    diff.finish()
    with output() as file:
        if options.json:
            for it in [*([diff.first] if diff.first else []), *diff.largest]:
                file.write(json.dumps({"kind": "difference", **difference_record(it)}) + "\n")
            file.write(json.dumps({"kind": "summary", **difference_summary(diff)}) + "\n")
        else:
            print_lines([(Span(line),) for line in difference_lines(diff, options.a, options.b)], file)
    return FAILED if diff.differs else FINE


SUBCOMMAND = Subcommand(add_diff_arguments, compare_runs)
