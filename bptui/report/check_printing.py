"""Checking scenarios for the shell: their reports are printed as they come, and what they come to is printed last."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from bptui.checking.finding import Report
from bptui.checking.finding_record import printed_record, summary_record
from bptui.errors import BptuiError
from bptui.report.check_report import is_failure, report_lines, tally_line
from bptui.report.parallel_checks import check_all
from bptui.report.printing import print_lines
from bptui.report.progress_line import ProgressLine


def check_scenarios(
    places: Sequence[str],
    layers: Sequence[Path],
    file: TextIO,
    *,
    expand: Sequence[str] = (),
    as_json: bool,
    is_verbose: bool = False,
) -> tuple[list[Report], list[BptuiError]]:
    """Print the reports on scenarios, to be read or as JSON; return them, and why others cannot be read.

    The nodes that ``expand`` names are checked as what they are made of. With ``is_verbose`` each failure is told with
    the slopes of every step.
    """
    reports: list[Report] = []
    errors: list[BptuiError] = []
    progress = ProgressLine(len(places), sys.stderr)
    results = check_all(places, layers, progress.show_nodes, expand=expand)
    write = write_records if as_json else write_every_step if is_verbose else write_lines
    try:
        for place, result in zip(places, results, strict=True):
            progress.clear()
            if isinstance(result, BptuiError):
                errors.append(result)
            else:
                reports.append(result)
                write(place, result, file)
            progress.advance()
    finally:
        progress.clear()  # also before the last word on a check that was broken off
    if as_json:
        file.write(f"{json.dumps(summary_record(reports))}\n")
    elif reports:
        print_lines([tally_line(reports)], file)
    return reports, errors


def write_lines(place: str, report: Report, file: TextIO) -> None:
    """Print a report to be read."""
    print_lines(report_lines(place, report), file)
    file.flush()


def write_every_step(place: str, report: Report, file: TextIO) -> None:
    """Print a report to be read, each failure with the slopes of every step."""
    print_lines(report_lines(place, report, has_ladder=is_failure), file)
    file.flush()


def write_records(place: str, report: Report, file: TextIO) -> None:
    """Print a report's findings as JSON, one a line, with the ``scenario`` and the ``origin`` of the layer."""
    for finding in report.findings:
        more = {"origin": report.origins.get(finding.node) if finding.layer else None, "scenario": place}
        file.write(f"{json.dumps(printed_record(finding) | more, allow_nan=False)}\n")
    file.flush()
