"""``bptui check``: check the gradients and contract of every node, and a program's wiring; and mark a hand-in."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bptui.commands.layer_options import add_expand, add_layers, print_notice
from bptui.commands.program_options import add_watching, watched
from bptui.commands.subcommand import Subcommand
from bptui.ending import BAD_USE, FAILED, FINE, output, show
from bptui.errors import BptuiError

if TYPE_CHECKING:
    from bptui.report.check_printing import Form
    from bptui.report.check_worker import Result
    from bptui.report.hand_in import HandIn

RESULT_FORMAT_NAMES = ("json", "junit", "gradescope")


def add_check_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui check``."""
    command.add_argument(
        "scenarios", nargs="+", metavar="SCENARIO", help="files, names of bundled scenarios, or a program"
    )
    command.add_argument("--json", action="store_true", help="print findings, one a line, for other programs")
    command.add_argument("--verbose", action="store_true", help="print the slopes of every step with each failure")
    command.add_argument("--results", metavar="FILE", type=Path, help="mark it as a hand-in, and write the marks there")
    command.add_argument("--format", choices=RESULT_FORMAT_NAMES, help="what --results writes (by its suffix)")
    command.add_argument("--explain", action="store_true", help="with --results: tell all that is known of a failure")
    add_layers(command)
    add_expand(command)
    add_watching(command)


def judge_scenarios(options: argparse.Namespace) -> int:
    """Judge every gradient of some scenarios."""
    from bptui.programs.read_program import is_program

    if not options.results and (options.format or options.explain):
        raise BptuiError("--format and --explain say what is written to a file", hint="--results FILE")
    if options.results:
        from bptui.guest.orphans import adopt_orphans
        from bptui.report.results_file import check_results_place

        check_results_place(options.results, [*map(Path, options.scenarios), *options.layers])
        adopt_orphans()
    judge = judge_program if any(map(is_program, options.scenarios)) else judge_each
    found = judge(options)
    for _, result in found:
        if isinstance(result, BptuiError):
            show(result)
    if options.results:
        return write_marks_of(found, options)
    return status_of(found)


def judge_each(options: argparse.Namespace) -> list[tuple[str, Result]]:
    """Judge scenarios, and return what came of each."""
    from bptui.report.check_printing import check_scenarios

    with output() as file:
        return check_scenarios(
            options.scenarios, options.layers, file, expand=options.expand, form=printed_form(options)
        )


def judge_program(options: argparse.Namespace) -> list[tuple[str, Result]]:
    """Run a program, watched, and judge every node of it and the wiring between them."""
    from bptui.program_checking.check_program import check_program
    from bptui.report.check_printing import print_reports

    if len(options.scenarios) > 1:
        raise BptuiError("a program is checked by itself", hint="what stands behind its name is handed to it")
    options.scenario = options.scenarios[0]
    try:
        run = watched(options)
    except BptuiError as error:
        return [(options.scenario, error)]
    try:
        run.outlast()
        run.raise_interrupt()
        report = check_program(run)
        if run.end and run.end.how == "exit" and run.end.status:
            print_notice(f"{options.scenario} ended with exit status {run.end.status}")
    finally:
        run.close()
    with output() as file:
        return print_reports([(options.scenario, report)], file, form=printed_form(options))


def printed_form(options: argparse.Namespace) -> Form:
    """Return how reports are printed; one whose marks are wanted tells no more than the marks do."""
    from bptui.report.check_printing import Form

    if options.json:
        return Form.RECORDS
    if options.results and not options.explain:
        return Form.MARKS
    return Form.EVERY_STEP if options.verbose else Form.LINES


def status_of(found: Sequence[tuple[str, Result]]) -> int:
    """Return the exit status of a check."""
    results = [result for _, result in found]
    if any(isinstance(it, BptuiError) for it in results):
        return BAD_USE
    return FINE if all(isinstance(it, BptuiError) or it.ok for it in results) else FAILED


def write_marks_of(found: Sequence[tuple[str, Result]], options: argparse.Namespace) -> int:
    """Write the marks to the file that is wanted, print what they come to, and return the status that agrees.

    Whatever a hand-in has started is ended before, so that nobody writes there afterwards.
    """
    from bptui.guest.orphans import end_orphans
    from bptui.report.hand_in import points_line
    from bptui.report.printing import print_lines
    from bptui.report.published_paths import folders_of
    from bptui.report.results_file import format_for, published, write_results

    hand_ins = [hand_in_of(place, result, options) for place, result in found]
    end_orphans()
    folders = folders_of([*map(Path, options.scenarios), *options.layers])
    marks = [published(it, folders) for it in hand_ins]
    write_results(options.results, marks, options.format or format_for(options.results))
    if not options.json:
        with output() as file:
            print_lines([points_line(hand_ins)], file)
    if any(it.error for it in hand_ins):
        return BAD_USE
    return FINE if all(it.is_full for it in hand_ins) else FAILED


def hand_in_of(place: str, result: Result, options: argparse.Namespace) -> HandIn:
    """Return what came of a scenario as a hand-in."""
    from bptui.report.hand_in import brief_message, full_message, marked_hand_in, unread_hand_in
    from bptui.scenario.written_points import written_points

    if isinstance(result, BptuiError):
        return unread_hand_in(place, result, written_points(place))
    return marked_hand_in(place, result, messages=full_message if options.explain else brief_message)


SUBCOMMAND = Subcommand(add_check_arguments, judge_scenarios)
