"""Checking scenarios for the shell: their reports are printed as they come, and what they come to is printed last."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import TextIO

from bptui.checking.finding import Report
from bptui.checking.finding_record import printed_record, summary_record
from bptui.errors import BptuiError
from bptui.report.check_report import is_failure, report_lines, tally_line
from bptui.report.check_worker import Result
from bptui.report.hand_in import mark_lines
from bptui.report.parallel_checks import check_all
from bptui.report.printing import print_lines
from bptui.report.progress_line import ProgressLine


class Form(Enum):
    """How reports are printed: to be read, also with the slopes of every step, as JSON, or as marks."""

    LINES = auto()
    EVERY_STEP = auto()
    RECORDS = auto()
    MARKS = auto()


def check_scenarios(
    places: Sequence[str],
    layers: Sequence[Path],
    file: TextIO,
    *,
    expand: Sequence[str] = (),
    form: Form = Form.LINES,
) -> list[tuple[str, Result]]:
    """Print the reports on scenarios in one form; return for each scenario what came of it: a report, or an error.

    The nodes that ``expand`` names are checked as what they are made of.
    """
    progress = ProgressLine(len(places), sys.stderr)
    results = check_all(places, layers, progress.show_nodes, expand=expand)
    try:
        return print_reports(with_progress(zip(places, results, strict=True), progress), file, form=form)
    finally:
        progress.clear()  # also before the last word on a check that was broken off


def with_progress(found: Iterable[tuple[str, Result]], progress: ProgressLine) -> Iterator[tuple[str, Result]]:
    """Yield what comes of scenarios, with the progress away from the line while it is printed."""
    for place, result in found:
        progress.clear()
        yield place, result
        progress.advance()


def print_reports(found: Iterable[tuple[str, Result]], file: TextIO, *, form: Form) -> list[tuple[str, Result]]:
    """Print reports as they come, and what they come to; return them, and the errors that came instead of one."""
    results: list[tuple[str, Result]] = []
    for place, result in found:
        results.append((place, result))
        if not isinstance(result, BptuiError):
            WRITERS[form](place, result, file)
            file.flush()
    reports = [result for _, result in results if not isinstance(result, BptuiError)]
    if form is Form.RECORDS:
        file.write(f"{json.dumps(summary_record(reports))}\n")
    elif reports and form is not Form.MARKS:
        print_lines([tally_line(reports)], file)
    return results


def write_lines(place: str, report: Report, file: TextIO) -> None:
    """Print a report to be read."""
    print_lines(report_lines(place, report), file)


def write_every_step(place: str, report: Report, file: TextIO) -> None:
    """Print a report to be read, each failure with the slopes of every step."""
    print_lines(report_lines(place, report, has_ladder=is_failure), file)


def write_records(place: str, report: Report, file: TextIO) -> None:
    """Print a report's findings as JSON, one a line, with the ``scenario`` and the ``origin`` of the layer."""
    for finding in report.findings:
        more = {"origin": report.origins.get(finding.node) if finding.layer else None, "scenario": place}
        file.write(f"{json.dumps(printed_record(finding) | more, allow_nan=False)}\n")


def write_marks(place: str, report: Report, file: TextIO) -> None:
    """Print what a report is worth, and of its failures no more than kind and place."""
    print_lines(mark_lines(place, report), file)


WRITERS = {
    Form.LINES: write_lines,
    Form.EVERY_STEP: write_every_step,
    Form.RECORDS: write_records,
    Form.MARKS: write_marks,
}
