"""The verdicts of a check as a report to read: a line for each node where all is well, the evidence where it is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import PurePath

from bptui.checking.finding import Finding, Report, Verdict, verdict_of
from bptui.checking.finding_lines import finding_lines, ladder_lines
from bptui.core.text import visible
from bptui.lines.line import Line, Span, indented, styled
from bptui.lines.paragraph import UNFOLDED

PARTS = {"network": "the whole network", "expect": "[expect]"}
"""What a rule is about that is about no node's own layer."""

ENOUGH_RUNGS = 5


def report_lines(place: str, report: Report) -> Iterator[Line]:
    """Yield the report on one scenario."""
    yield styled(f"{visible(report.title)} ({visible(place)})", "title")
    for part, findings in groupby(report.findings, key=lambda it: part_of(it, report.origins)):
        yield from part_lines(part, list(findings))
    yield ()


def part_of(finding: Finding, origins: Mapping[str, str]) -> str:
    """Return what a finding is about: a node with its layer and where that is from, the network, or the expected."""
    if finding.rule in PARTS:
        return PARTS[finding.rule]
    origin = PurePath(origins.get(finding.node, "")).name
    return "  ".join(filter(None, map(visible, (finding.node, finding.layer or "", origin))))


def part_lines(part: str, findings: Sequence[Finding]) -> Iterator[Line]:
    """Yield a line for one part of a report, and below it what is to be said of its findings."""
    verdict = verdict_of(finding.verdict for finding in findings)
    checked = dict.fromkeys(visible(it.input or it.node) for it in findings if it.rule in {"gradient", *PARTS})
    told = f": {', '.join(checked)}" if checked else ""
    yield (Span("  "), Span(verdict.sign, verdict.style), Span(f" {part}{told}"))
    for finding in findings:
        if finding.verdict is not Verdict.PASS:
            yield from indented(finding_lines(finding, UNFOLDED), 5)
        if finding.verdict is Verdict.FAIL:
            yield from indented(ladder_lines(finding.ladder[:ENOUGH_RUNGS], UNFOLDED), 5)


def tally_line(reports: Iterable[Report]) -> Line:
    """Return what it all comes to."""
    reports = list(reports)
    counts = {verdict: sum(report.counts[verdict] for report in reports) for verdict in Verdict}
    told = ", ".join(f"{verdict.sign} {count} {verdict.value}" for verdict, count in counts.items())
    failed = sum(not report.ok for report in reports)
    scenarios = f"{len(reports)} scenario{'s' * (len(reports) != 1)}"
    outcome = f"{failed} of {scenarios} failed" if failed else f"{scenarios}, all well"
    return styled(f"{outcome}: {told}", (Verdict.FAIL if failed else Verdict.PASS).style)
